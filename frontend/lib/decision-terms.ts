// Every number of a decision with its formula and its inputs (docs/governance: the passing rule, arbitration, scoring).

import type { Ballot, Order, Proposal, Told } from "@/lib/decision";
import { price, quantity, short, signed } from "@/lib/format";
import { hurdlesOf, type Hurdles } from "@/lib/live/rounds";
import { basis, won } from "@/lib/decision-words";

/** `met`: whether a condition holds; undefined where it is no condition. */
export interface Term {
  name: string;
  formula: string;
  inputs: string;
  result: string;
  met?: boolean;
}

export type Terms = Record<string, unknown> | undefined;

const ppm = (value: number): string => `${Math.round(value).toLocaleString("en-GB")} ppm`;
const ratio = (value: number): string => value.toFixed(4);
const LISTED = 8;

export const sided = (ballots: readonly Ballot[]): Ballot[] => ballots.filter(({ stance, late }) => !late && stance !== "abstain");

/** Σ w·q / Σ w over those who took a side; null of nobody. */
export function forecastOf(ballots: readonly Ballot[]): number | null {
  const cast = sided(ballots).filter(({ probability, weight }) => probability !== null && weight > 0);
  const mass = cast.reduce((sum, { weight }) => sum + weight, 0);
  return mass > 0 ? cast.reduce((sum, { weight, probability }) => sum + weight * (probability ?? 0), 0) / mass : null;
}

/** What it took to pass. */
export function passing(proposal: Proposal, told: Told, terms: Terms): Term[] {
  const { tally } = proposal;
  const hurdles = hurdlesOf(told.track, terms);
  if (!tally || !hurdles) return [];
  const { yes, no, total, missing } = tally;
  const quorum = hurdles.quorum * total;
  const cast = sided(proposal.ballots).filter(({ weight }) => weight > 0);
  const listed = cast.slice(0, LISTED).map(({ weight, probability, agent }) => `${short(agent, 20)} ${weight} × ${(probability ?? 0).toFixed(3)}`);
  const more = cast.length > LISTED ? [`${cast.length - LISTED} more`] : [];
  const found: Term[] = [
    { name: "Mass", formula: "T = mass of all seats that count, absent ones too", inputs: `missing ${ppm(missing)}`, result: ppm(total) },
    { name: "Quorum", formula: "Y ≥ quorum × T", inputs: `Y ${ppm(yes)}; ${hurdles.quorum} × ${ppm(total)} = ${ppm(quorum)}`, result: ratio(total ? yes / total : 0), met: yes >= quorum },
    { name: "Majority", formula: "Y > θ × (Y + N)", inputs: `Y ${ppm(yes)}, N ${ppm(no)}; ${ratio(hurdles.threshold)} × ${ppm(yes + no)} = ${ppm(hurdles.threshold * (yes + no))}`, result: ratio(yes + no ? yes / (yes + no) : 0), met: yes > hurdles.threshold * (yes + no) },
  ];
  if (!hurdles.forecast) return found;
  const inputs = cast.length ? `(${[...listed, ...more].join(" + ")}) / ${ppm(yes + no)}` : "nobody took a side";
  return [...found, { name: "Forecast", formula: "f = Σ w·q / Σ w ≥ 1/2, of those who took a side", inputs, result: tally.forecast === null ? "–" : ratio(tally.forecast), met: tally.forecast !== null && tally.forecast >= 0.5 }];
}

/** Where the marks of the scale stand, as shares of all mass: the quorum, and what the approving mass has to exceed. */
export function marksOf({ yes, no, total }: { yes: number; no: number; total: number }, hurdles: Hurdles | null) {
  if (!hurdles || total <= 0) return null;
  return { quorum: hurdles.quorum, threshold: (hurdles.threshold * (yes + no)) / total };
}

// --- arbitration ---------------------------------------------------------------------------------------

export interface Point {
  agent: string;
  weight: number;
  point: number;
  approves: boolean;
}

export interface Median {
  instrument: string;
  held: number;
  points: Point[];
  median: number;
  limits: { agent: string; limit: number }[];
  target: string | null;
}

/** Of each instrument that something passed on: a point for every seat that took a side, and their weighted median. An
 * approver stands for the approved target that it gives most, anybody else for what is held. */
export function mediansOf(told: Told): Median[] {
  const passed = told.proposals.filter(({ tally, action }) => tally?.state === "PASSED" && action === "trade");
  return [...new Set(passed.map(({ instrument }) => instrument))].map((instrument) => {
    const of = told.proposals.filter((one) => one.instrument === instrument && one.tally);
    const held = Number(of[0]?.held ?? 0);
    const best = new Map<string, Point & { probability: number }>();
    for (const proposal of of) {
      for (const ballot of sided(proposal.ballots)) {
        if (ballot.weight <= 0) continue;
        const approves = ballot.stance === "approve" && proposal.tally?.state === "PASSED";
        const known = best.get(ballot.agent);
        const probability = approves ? (ballot.probability ?? 0) : -1;
        if (known && known.probability >= probability) continue;
        best.set(ballot.agent, { agent: ballot.agent, weight: ballot.weight, point: approves ? Number(proposal.target) : held, approves, probability });
      }
    }
    const points = [...best.values()].sort((one, other) => one.point - other.point);
    const limits = of.flatMap(({ ballots }) => ballots.filter(({ limit }) => limit !== null).map(({ agent, limit }) => ({ agent, limit: Number(limit) })));
    const distinct = [...new Map(limits.map((one) => [`${one.agent} ${one.limit}`, one])).values()];
    return { instrument, held, points, median: median(points, held), limits: distinct, target: told.targets[instrument] ?? null };
  });
}

/** The point at which half of the mass lies on either side; where it is a stretch, the end that is nearer to what is held. */
export function median(points: readonly Point[], held: number): number {
  const all = points.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const [place, { point, weight }] of points.entries()) {
    below += weight;
    if (2 * below > all) return point;
    const next = points[place + 1];
    if (2 * below === all && next) return Math.abs(next.point - held) < Math.abs(point - held) ? next.point : point;
  }
  return held;
}

export function arbitration(told: Told): Term[] {
  return mediansOf(told).flatMap(({ instrument, held, points, median: middle, limits, target }) => {
    const listed = points.slice(0, LISTED).map(({ agent, point, weight }) => `${short(agent, 20)} ${quantity(point)} (${ppm(weight)})`);
    const found: Term[] = [
      { name: `Median of ${instrument}`, formula: "weighted median of the targets of those who took a side", inputs: listed.join(", "), result: quantity(middle) },
    ];
    const least = limits.length ? Math.min(...limits.map(({ limit }) => limit)) : null;
    if (least !== null) {
      found.push({ name: `Size limit of ${instrument}`, formula: "|target| ≤ the smallest limit of the guards", inputs: limits.map(({ agent, limit }) => `${short(agent, 20)} ${quantity(limit)}`).join(", "), result: quantity(least), met: Math.abs(middle) <= least });
    }
    if (target !== null) {
      found.push({ name: `Order of ${instrument}`, formula: "target − (position + reserved)", inputs: `${quantity(target)} − ${quantity(held)}`, result: quantity((Number(target) - held).toFixed(8)) });
    }
    return found;
  });
}

// --- orders, and what they were worth ------------------------------------------------------------------

export function orderTerms(order: Order, terms: Terms): Term[] {
  const sign = order.side === "buy" ? 1 : -1;
  const collar = Number(terms?.collar_bp) * (order.reducing ? 3 : 1);
  const feeBp = Number(terms?.fee_bp);
  const found: Term[] = [];
  if (order.limit && order.decidedAt && order.type === "market" && collar > 0) {
    const edge = Number(order.decidedAt) * (1 + (sign * collar) / 10_000);
    found.push({ name: "Protective limit", formula: `P × (1 ${sign > 0 ? "+" : "−"} ${order.reducing ? "3 × collar, as it shrinks the risk" : "collar"}), rounded to the tick, passively`, inputs: `${price(order.decidedAt)} × (1 ${sign > 0 ? "+" : "−"} ${collar} bp) = ${price(edge)}`, result: price(order.limit) });
  } else if (order.limit) {
    found.push({ name: "Limit", formula: "as it was proposed", inputs: order.lives, result: price(order.limit) });
  }
  if (order.average === null) return found;
  found.push({ name: "Notional", formula: "Σ quantity × price of the fills", inputs: order.fills.slice(0, LISTED).map((fill) => `${quantity(fill.quantity)} × ${price(fill.price)}`).join(" + "), result: order.value.toFixed(4) });
  if (feeBp >= 0) {
    found.push({ name: "Fee", formula: "notional × fee", inputs: `${order.value.toFixed(4)} × ${feeBp} bp = ${((order.value * feeBp) / 10_000).toFixed(8)}`, result: order.fees.toFixed(8) });
  }
  if (order.slippage !== null && order.decidedAt) {
    found.push({ name: "Slippage", formula: "side × (average / P − 1)", inputs: `${sign > 0 ? "+1" : "−1"} × (${price(order.average)} / ${price(order.decidedAt)} − 1)`, result: `${signed(order.slippage)} bp` });
  }
  if (order.atHorizon !== null && order.end) {
    found.push({ name: "Worth at the horizon", formula: "side × (quantity × P(t+H) − notional) − fees", inputs: `${sign > 0 ? "+1" : "−1"} × (${quantity(order.filled)} × ${price(order.end)} − ${order.value.toFixed(4)}) − ${order.fees.toFixed(6)}`, result: signed(order.atHorizon) });
  }
  return found;
}

/** How the market answered a proposal's question: y = 1 ⇔ side·(P(t+H)/P(t) − 1) > c. */
export function answerTerms(proposal: Proposal): Term[] {
  const { answer } = proposal;
  if (!answer) return [];
  const legs = answer.legs.map((leg) => `${leg.side === "buy" ? "+1" : "−1"} × (${leg.end === null ? "no price" : price(leg.end)} / ${price(leg.origin)} − 1) − ${basis(leg.cost).replace("+", "")}`);
  return [
    { name: "Gain", formula: "side × (P(t+H) / P(t) − 1) − c, with c = 2 × fee + spread / P", inputs: legs.join("; "), result: basis(answer.gain) },
    { name: "y", formula: "1 if the gain is above 0, else 0; void without a price", inputs: answer.question, result: answer.y === null ? "void" : answer.y ? "1" : "0" },
  ];
}

/** When the worth of a round will be known, ms since 1970: its horizon, and the rest of its bucket. */
export function knownBy(told: Told, terms: Terms): number | null {
  const horizon = Number(terms?.horizon_s) * 1000;
  if (!(horizon > 0) || told.marketAt === null) return null;
  return (Math.floor(told.marketAt / horizon) + 2) * horizon + 5_000;
}

export const lost = (told: Told): Proposal[] => told.proposals.filter((one) => !won(one));
