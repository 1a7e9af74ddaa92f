import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Frame } from "@/lib/live/protocol";
import { eventsOf, snapshotOf, ticksOf, type Bar, type BookAsOf, type LedgerRow } from "@/lib/past/frames";
import { Player, type Source } from "@/lib/past/player";

const START = Date.parse("2026-01-31T09:00:00Z");
const iso = (at: number) => new Date(at).toISOString();

function row(position: number, at: number, log = "governance", event = "DecisionReached"): LedgerRow {
  return {
    ...{ log, partition: 0, position, event_id: `e${position}`, recorded_at: iso(at), aggregate: "Deliberation" },
    ...{ aggregate_id: "a", version: 1, event, book: "demo", actor: "governor", correlation_id: "c", causation_id: "c" },
    ...{ command_id: null, payload: {}, prev_hash: "", hash: "" },
  };
}

function bar(at: number, close: string): Bar {
  return {
    ...{ key: `k${at}`, instrument: "BTCUSDT", width_s: 1, at: iso(at), at_ns: at * 1e6, open: close, high: close },
    ...{ low: close, close, mark: close, volume: "1", buy_volume: "1", turnover: "1", trades: 3, source: "replay" },
    ...{ venue: "binance", mixed: false },
  } as Bar;
}

const past = (at: number): BookAsOf =>
  ({
    ...{ book: "demo", at: iso(at), positions_in_log: { governance: 100, execution: 40 }, mode: { mode: "NORMAL", set: null } },
    ...{ source: "replay", money: { quote: "USDT", cash: "1" }, positions: [], orders: [], alarms: [], holds: [] },
    instruments: [{ symbol: "BTCUSDT" }],
    council: [{ agent: "rule", role: "rule", owner: "desk", ppm: [100, 200, 300], veto: false, required: false, suspended_by: ["x"] }],
  }) as unknown as BookAsOf;

describe("frames of the past", () => {
  test("the snapshot ends where the events before it begin", () => {
    const snapshot = snapshotOf(past(START), [row(91, START - 10), row(41, START - 9, "execution"), row(92, START - 8)]);
    expect(snapshot.positions).toEqual({ governance: 90, execution: 40 });
    expect(snapshot.book?.seats[0]).toMatchObject({ agent: "rule", weight_ppm: 200, status: "suspended" });
  });

  test("without events before it, it ends where the logs did", () => {
    expect(snapshotOf(past(START), []).positions).toEqual({ governance: 100, execution: 40 });
  });

  test("events keep their order, and neighbours of one log share a frame", () => {
    const frames = eventsOf([row(1, 0), row(2, 1), row(1, 2, "execution"), row(3, 3)]);
    expect(frames.map(({ log, position, payload }) => [log, position, payload.length])).toEqual([
      ["governance", 2, 2],
      ["execution", 1, 1],
      ["governance", 3, 1],
    ]);
  });

  test("the last bar is the price, all of them its history", () => {
    const { ticks } = ticksOf([bar(START, "1"), bar(START + 1000, "2")], START + 5000);
    expect(ticks.BTCUSDT).toMatchObject({ last: "2", age_ms: 3000, history: [[START + 1000, 1], [START + 2000, 2]] });
  });
});

describe("the player", () => {
  let heard: { frames: Frame[]; at: number[]; failed: string[]; caughtUp: number };
  let source: Source;
  let player: Player;
  const present = START + 60_000;

  beforeEach(() => {
    vi.useFakeTimers({ now: present });
    heard = { frames: [], at: [], failed: [], caughtUp: 0 };
    source = {
      asOf: vi.fn(async (at: number) => past(at)),
      before: vi.fn(async () => [row(100, START - 5)]),
      events: vi.fn(async (from: number, to: number) =>
        [row(101, START + 500), row(102, START + 2500), row(103, START + 12_000)].filter(
          ({ recorded_at }) => Date.parse(recorded_at) >= from && Date.parse(recorded_at) < to,
        ),
      ),
      bars: vi.fn(async () => []),
    };
    player = new Player(source, {
      deliver: (frame) => heard.frames.push(frame),
      moved: (at) => heard.at.push(at),
      failed: (words) => heard.failed.push(words),
      caughtUp: () => (heard.caughtUp += 1),
    });
  });
  afterEach(() => {
    player.stop();
    vi.useRealTimers();
  });

  const positions = () => heard.frames.flatMap((frame) => (frame.type === "event" ? frame.payload.map((event) => event.position) : []));

  test("stands still at the moment that was asked for", async () => {
    await player.seek(START);
    await vi.advanceTimersByTimeAsync(5000);
    expect(heard.frames.map(({ type }) => type)).toEqual(["snapshot", "event", "ticks", "status"]);
    expect([player.at, positions()]).toEqual([START, [100]]);
  });

  test("plays each event once, in order, when its time has come", async () => {
    await player.seek(START);
    player.play(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(positions()).toEqual([100, 101]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(positions()).toEqual([100, 101, 102]);
    player.play(10);
    await vi.advanceTimersByTimeAsync(2000);
    expect(positions()).toEqual([100, 101, 102, 103]);
    expect(player.at).toBeGreaterThan(START + 12_000);
  });

  test("never shows what has not been fetched", async () => {
    await player.seek(START);
    source.events = () => new Promise(() => undefined);
    player.play(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(player.at).toBe(START);
  });

  test("says when it has caught up with the present", async () => {
    await player.seek(present - 2000);
    player.play(60);
    await vi.advanceTimersByTimeAsync(3000);
    expect(heard.caughtUp).toBe(1);
  });

  test("says what failed, and stands", async () => {
    await player.seek(START);
    source.events = () => Promise.reject(new Error("the server does not answer"));
    player.play(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(heard.failed).toEqual(["the server does not answer"]);
  });

  test("what was asked for another moment is not shown any more", async () => {
    let answer: (past: BookAsOf) => void = () => undefined;
    source.asOf = () => new Promise((resolve) => (answer = resolve));
    const first = player.seek(START);
    source.asOf = async (at) => past(at);
    await player.seek(START + 10_000);
    const shown = heard.frames.length;
    answer(past(START));
    await first;
    expect([heard.frames.length, player.at]).toEqual([shown, START + 10_000]);
  });
});
