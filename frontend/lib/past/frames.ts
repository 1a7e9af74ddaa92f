// What the API knows of the past, as the frames that the live socket would have said: one fold shows both.

import type { Shape } from "@/lib/api";
import type { Events, LiveBook, LiveEvent, Log, Mode, Portfolio, Seat, Snapshot, Status, Ticks } from "@/lib/live/protocol";
import words from "@/lib/words";

export type BookAsOf = Shape<"BookAsOf">;
export type LedgerRow = Shape<"LedgerRow">;
export type Bar = Shape<"Bar">;

/** What decisions, orders, the mode of trading and alarms are told by: as on the socket. */
export const TOLD_EVENTS = [
  ...["DeliberationOpened", "ProposalAdmitted", "AmendmentOffered", "ProposalRefused", "ProposalTallied"],
  ...["ProposalsArbitrated", "DecisionReached", "OrderAccepted", "OrderSent", "OrderWorking"],
  ...["OrderPartiallyFilled", "OrderFilled", "OrderRejected", "OrderCancelled", "OrderExpired"],
  ...["TradingHalted", "TradingReduced", "TradingResumed", "FeedSourceChanged"],
  ...["BreakerWarned", "BreakerTripped", "BreakerCleared", "AlarmAcknowledged"],
];

interface PastSeat {
  agent: string;
  role: string;
  owner: string;
  ppm: number[];
  veto: boolean;
  required: boolean;
  suspended_by: string[];
}

interface PastPosition {
  instrument: string;
  quantity: string;
  average: string;
  mark: string | null;
  unrealised: string | null;
  realised?: string;
  fees?: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : value === null || value === undefined ? "" : String(value));

export function bookOf(past: BookAsOf): LiveBook {
  const seats = (past.council as unknown as PastSeat[]).map(seatOf).sort((one, other) => other.weight_ppm - one.weight_ppm);
  const symbols = past.instruments.map((terms) => text(terms.symbol)).sort();
  return { book: past.book, quote: text(past.money.quote), source: text(past.source), symbols, seats };
}

/** The weight of a seat is the mean of its three copies: which of them it votes with depends on the bucket. */
function seatOf({ agent, role, owner, ppm, veto, required, suspended_by }: PastSeat): Seat {
  const weight_ppm = ppm.length ? Math.round(ppm.reduce((sum, one) => sum + one, 0) / ppm.length) : 0;
  return { agent, role, owner, weight_ppm, veto, required, status: suspended_by.length ? "suspended" : "seated" };
}

export function portfolioOf(past: BookAsOf): Portfolio {
  const money = Object.fromEntries(Object.entries(past.money).map(([name, value]) => [name, text(value)]));
  const { cash = "0", deposits = "0", fees = "0", realised = "0", unrealised = "0", equity = "0", net = "0" } = money;
  const positions = (past.positions as unknown as PastPosition[]).map((held) => ({
    instrument: held.instrument,
    quantity: held.quantity,
    average: held.average,
    mark: held.mark,
    stale: false,
    unrealised: held.unrealised ?? "0",
    realised: held.realised ?? "",
    fees: held.fees ?? "",
  }));
  const unpriced = positions.filter(({ mark }) => mark === null).map(({ instrument }) => instrument);
  return { cash, deposits, fees, realised, unrealised, equity, net, unpriced, positions };
}

const MODES = { NORMAL: "Normal", REDUCE_ONLY: "Reduce only", HALTED: "Halted" } as const;

export function modeOf(past: BookAsOf): Mode {
  const mode = text(past.mode.mode) as Mode["mode"];
  const set = past.mode.set as { at: string | null; text: string } | null;
  const said = mode === "NORMAL" ? "" : `${MODES[mode]}: ${set?.text ?? "not known since when"}. ${words.modes[mode]}`;
  const at = set?.at ? Date.parse(set.at) : null;
  return { mode, book: past.book, who: "", why: "", at, words: words.modes[mode] ?? "", text: said, next: "", title: MODES[mode], icon: "", look: "" };
}

/** Processes, streams and latency are not kept, so nothing is said of them. */
export function statusOf(past: BookAsOf): Status {
  return {
    type: "status",
    at: Date.parse(past.at),
    positions: past.positions_in_log,
    processes: [],
    streams: [],
    latency: {},
    dead_letters: {},
    source: text(past.source),
    notices: [],
    mode: modeOf(past),
    alarms: past.alarms.length,
    portfolio: portfolioOf(past),
    book: bookOf(past),
  };
}

/** The beginning: nothing decided yet; `before` are the events that are folded on top of it, the oldest first. */
export function snapshotOf(past: BookAsOf, before: LedgerRow[]): Snapshot {
  const first = (log: Log) => before.find((row) => row.log === log)?.position;
  const upto = (log: Log) => (first(log) ?? (past.positions_in_log[log] ?? 0) + 1) - 1;
  return {
    type: "snapshot",
    positions: { governance: upto("governance"), execution: upto("execution") },
    book: bookOf(past),
    standing: { mode: modeOf(past), portfolio: portfolioOf(past), alarms: past.alarms.length },
    decisions: [],
  };
}

/** Rows in the order in which they were recorded, as frames: neighbours of one log together. */
export function eventsOf(rows: LedgerRow[]): Events[] {
  const frames: Events[] = [];
  for (const row of rows) {
    const log = row.log as Log;
    const last = frames.at(-1);
    const frame: Events = last?.log === log ? last : { type: "event", log, position: 0, payload: [] };
    if (frame !== last) frames.push(frame);
    frame.payload.push(eventOf(row));
    frame.position = row.position;
  }
  return frames;
}

function eventOf(row: LedgerRow): LiveEvent {
  const { position, event_id, aggregate, aggregate_id, version, event, book, actor, correlation_id, causation_id, payload } = row;
  return { position, event_id, aggregate, aggregate_id, version, event, book, actor, correlation_id, causation_id, payload, at: Date.parse(row.recorded_at) };
}

/** What the bars, the oldest first, say of each instrument at the end of the last one. */
export function ticksOf(bars: Bar[], at: number): Ticks {
  const ticks: Ticks["ticks"] = {};
  for (const bar of bars) {
    const closed = Date.parse(bar.at ?? "") + bar.width_s * 1000;
    const history = (ticks[bar.instrument]?.history as [number, number][] | undefined) ?? [];
    const mark = bar.mark ?? bar.close;
    ticks[bar.instrument] = {
      last: bar.close,
      side: null,
      bid: null,
      ask: null,
      mark,
      rate: bar.trades / bar.width_s,
      age_ms: Math.max(0, at - closed),
      source: bar.source,
      history: [...history, [closed, Number(mark)]] as never,
    };
  }
  return { type: "ticks", at, ticks };
}
