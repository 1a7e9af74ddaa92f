// Which round stands on the stage, how its close is played back, and what it takes to pass.

import type { Shape } from "@/lib/api";
import { quantity, short } from "@/lib/format";

export const HOLD_MS = 4_000;
export const DWELL_MS = 12_000;

interface Brief {
  decision_id: string;
  outcome: string;
}

/** A round that moved the book, or was stopped on its way to it. */
export const telling = ({ outcome }: Brief): boolean => ["granted", "reduced", "vetoed"].includes(outcome);

/** The next to show of `decisions` (newest first) after `shown` has stood for `stood` ms; `shown` itself where none is due.
 * Telling ones come before refused ones and stay longer in front of them. */
export function due(decisions: readonly Brief[], shown: string | null, stood: number): string | null {
  const place = decisions.findIndex((one) => one.decision_id === shown);
  const now = place < 0 ? undefined : decisions[place];
  const newer = now ? decisions.slice(0, place) : decisions;
  const best = newer.find(telling);
  const next = best ?? newer[0];
  if (!next || !now) return next?.decision_id ?? shown;
  const held = best || !telling(now) ? HOLD_MS : DWELL_MS;
  return stood < held ? shown : next.decision_id;
}

/** The round `by` places later (or earlier, if negative) than `shown`; `decisions` are newest first. */
export function stepped(decisions: readonly Brief[], shown: string | null, by: number): string | null {
  const place = decisions.findIndex((one) => one.decision_id === shown);
  const next = Math.min(decisions.length - 1, Math.max(0, (place < 0 ? 0 : place) - by));
  return decisions[next]?.decision_id ?? null;
}

// --- what a story tells ------------------------------------------------------------------------------

export interface Vote {
  agent: string;
  stance: "approve" | "reject" | "abstain" | "late";
  weight: number;
  probability: number | null;
  veto: boolean;
  limit: string | null;
  reason: string;
}

export interface Tried {
  id: string;
  author: string;
  action: string;
  instrument: string;
  target: string;
  held: string | null;
  why: string;
  amends: string;
  yes: number;
  no: number;
  missing: number;
  forecast: number | null;
  /** Whether it was voted on at all. */
  tallied: boolean;
  votes: Vote[];
  state: string;
  reason: string;
  by: string;
  detail: string;
}

/** Masses in ppm of the council's `total`. */
export interface Trial {
  total: number;
  track: string;
  proposals: Tried[];
}

type Loose = Record<string, unknown>;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const amount = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const some = (value: unknown): Loose => (typeof value === "object" && value !== null ? (value as Loose) : {});
const rows = (value: unknown): Loose[] => (Array.isArray(value) ? value.map(some) : []);

export function trialOf(story: Pick<Shape<"Story">, "opened" | "proposals">): Trial {
  const opened = some(story.opened);
  return { total: amount(opened.total_ppm), track: text(opened.track), proposals: story.proposals.map(triedOf) };
}

function triedOf(told: Loose): Tried {
  const proposed = some(told.proposed);
  const tally = some(told.tally);
  return {
    id: text(told.proposal_id),
    author: text(told.agent),
    action: text(proposed.action),
    instrument: text(proposed.instrument),
    target: text(proposed.target),
    held: text(proposed.held) || null,
    why: text(proposed.why),
    amends: text(proposed.amends),
    yes: amount(tally.yes_ppm),
    no: amount(tally.no_ppm),
    missing: amount(tally.missing_ppm),
    forecast: typeof tally.forecast === "number" ? tally.forecast : null,
    tallied: told.tally !== null && told.tally !== undefined,
    votes: rows(told.ballots).map(voteOf),
    state: text(told.state),
    reason: text(told.reason),
    by: text(told.lost_to) || text(some(tally).by),
    detail: text(told.detail),
  };
}

function voteOf(told: Loose): Vote {
  const stance = text(told.stance);
  const counted = stance === "approve" || stance === "reject" ? stance : "abstain";
  return {
    agent: text(told.agent),
    stance: told.late === true ? "late" : counted,
    weight: amount(told.weight_ppm),
    probability: typeof told.probability === "number" ? told.probability : null,
    veto: told.veto === true,
    limit: text(told.size_limit) || null,
    reason: text(told.reason),
  };
}

// --- what it takes -----------------------------------------------------------------------------------

/** Shares from 0 to 1: `quorum` of the whole mass, `threshold` of what took sides. */
export interface Hurdles {
  quorum: number;
  threshold: number;
  forecast: boolean;
}

/** null for the tracks that nobody votes on. */
export function hurdlesOf(track: string, terms: Record<string, unknown> | undefined): Hurdles | null {
  if (track === "REDUCE") return { quorum: 1 / 5, threshold: 1 / 3, forecast: false };
  const [quorum, threshold] = [Number(terms?.trade_quorum), Number(terms?.trade_threshold)];
  if (track !== "TRADE" || !(quorum > 0) || !(threshold > 0)) return null;
  return { quorum, threshold, forecast: true };
}

export interface Check {
  passed: boolean;
  text: string;
}

const share = (part: number, whole: number): string => `${whole > 0 ? ((100 * part) / whole).toFixed(1) : "0.0"} %`;

/** The conditions of passing with their numbers; the server decided by exact ones. */
export function checksOf({ yes, no, forecast }: Tried, total: number, hurdles: Hurdles): Check[] {
  const checks = [
    { passed: yes >= hurdles.quorum * total, text: `${share(yes, total)} of all mass approved; the quorum is ${share(hurdles.quorum, 1)}` },
    { passed: yes > hurdles.threshold * (yes + no), text: `${share(yes, yes + no)} of what took sides; it takes more than ${share(hurdles.threshold, 1)}` },
  ];
  if (!hurdles.forecast) return checks;
  const told = forecast === null ? "nobody gave a forecast" : `the forecast is ${forecast.toFixed(3)}`;
  return [...checks, { passed: forecast !== null && forecast >= 0.5, text: `${told}; it takes at least 0.500` }];
}

// --- the playback ------------------------------------------------------------------------------------

export const PLAYED_MS = 1_500;
export type Scene = "sealed" | "ballots" | "arbitration" | "verdict";

/** What is to be seen `ms` after the close began to play: how many of `ballots` lie on the scale, and the scene. */
export function playedTo(ms: number, ballots: number): { scene: Scene; laid: number } {
  if (ms >= PLAYED_MS) return { scene: "verdict", laid: ballots };
  if (ms >= 0.75 * PLAYED_MS) return { scene: "arbitration", laid: ballots };
  const begun = (ms - 0.15 * PLAYED_MS) / (0.5 * PLAYED_MS);
  if (begun <= 0) return { scene: "sealed", laid: 0 };
  return { scene: "ballots", laid: Math.min(ballots, Math.ceil(begun * ballots)) };
}

// --- without the whole story -------------------------------------------------------------------------

interface ToldProposal {
  proposal_id: string;
  agent: string;
  action: string;
  instrument: string;
  target: string;
  why: string;
  amends: string;
  state: string;
  reason: string;
  by: string;
  detail: string;
  yes_ppm?: number;
  no_ppm?: number;
  missing_ppm?: number;
  total_ppm?: number;
  forecast?: number | null;
}

/** What the live events alone tell of a round: masses, but nobody's ballot. */
export function trialTold(decision: { track: string; proposals: readonly ToldProposal[] }): Trial {
  const total = Math.max(0, ...decision.proposals.map((one) => one.total_ppm ?? 0));
  const proposals = decision.proposals.map(({ proposal_id, agent, yes_ppm, no_ppm, missing_ppm, forecast, ...told }) => ({
    ...told,
    id: proposal_id,
    author: agent,
    held: null,
    yes: yes_ppm ?? 0,
    no: no_ppm ?? 0,
    missing: missing_ppm ?? 0,
    forecast: forecast ?? null,
    tallied: yes_ppm !== undefined,
    votes: [],
  }));
  return { total, track: decision.track, proposals };
}

/** What a proposal asks for, without its author: "sell 0.64 ETHUSDT, to hold 0". */
export function wish({ action, instrument, target, held }: Pick<Tried, "action" | "instrument" | "target" | "held">): string {
  if (action === "halt") return "halt all trading";
  if (action === "reduce") return `hold at most ${quantity(target)} ${short(instrument)}`;
  const change = held === null ? NaN : Number(target) - Number(held);
  if (!change) return `hold ${quantity(target)} ${short(instrument)}`;
  return `${change > 0 ? "buy" : "sell"} ${quantity(Math.abs(change))} ${short(instrument)}, to hold ${quantity(target)}`;
}
