// What a decision came to, in sentences that a stranger understands.

import type { Order, Proposal, Told, Trace } from "@/lib/decision";
import { percent, price, quantity, short, signed } from "@/lib/format";
import words, { because, reasonWords } from "@/lib/words";

const WON = new Set(["GRANTED", "REDUCED", "CLEARED", "QUEUED", "PASSED", "EXECUTED"]);
export const won = ({ state }: Proposal): boolean => WON.has(state);
export const tripped = (trace: Trace): boolean => trace.value !== true;
const WHY = 160;

/** "Bought 1.3886 ETHUSDT at 2,654.28", or what became of the order instead. */
export function ordered(order: Order): string {
  const [verb, past] = order.side === "buy" ? ["buy", "Bought"] : ["sell", "Sold"];
  if (order.filled > 0) return `${past} ${quantity(order.filled)} ${order.instrument} at ${price(order.average)}`;
  return `Decided to ${verb} ${quantity(order.quantity)} ${order.instrument}, but nothing was executed`;
}

/** "buy 8.4 SOLUSDT, to hold 84.273" */
export function wanted({ action, instrument, target, held }: Pick<Proposal, "action" | "instrument" | "target" | "held">): string {
  if (action === "halt") return "halt trading";
  if (action === "reduce") return `reduce ${instrument} to at most ${quantity(target)}`;
  if (held === null) return `hold ${quantity(target)} ${instrument}`;
  const change = Number(target) - Number(held);
  return `${change < 0 ? "sell" : "buy"} ${quantity(Math.abs(change).toFixed(8))} ${instrument}, to hold ${quantity(target)} instead of ${quantity(held)}`;
}

const authorOf = (told: Told) => (id: string) => told.proposals.find((one) => one.id === id)?.author;

/** Why a proposal ended as it did, and by whom or what. */
export function endOf(proposal: Proposal, told: Told): string {
  if (!proposal.reason) return reasonWords(proposal.state);
  const rival = told.proposals.some(({ author }) => author === proposal.by) && proposal.reason === "SUPERSEDED";
  if (rival) return words.because.SUPERSEDED?.replace("{by}", `the proposal of ${short(proposal.by, 40)}`) ?? proposal.reason;
  return because(proposal, authorOf(told));
}

/** The whole of it in one sentence. */
export function headline(told: Told): string {
  const winner = told.proposals.find(won);
  const [first, ...others] = [...told.orders].sort((one, other) => other.filled * Number(other.decidedAt ?? 0) - one.filled * Number(one.decidedAt ?? 0));
  if (first) {
    const also = others.length ? ` (and ${others.length} more ${others.length === 1 ? "order" : "orders"})` : "";
    return `${ordered(first)}${also}${winner ? `, because ${reasonOf(winner)}` : ""}.`;
  }
  const loser = told.proposals.find(({ state }) => state === "VETOED") ?? told.proposals.find(({ state }) => !WON.has(state));
  if (!loser) return told.outcome ? `Nothing was traded: ${words.outcomes[told.outcome] ?? told.outcome}` : "Nothing has been decided yet.";
  return `Nothing was traded: ${short(loser.author, 40)} proposed to ${wanted(loser)}, but ${endOf(loser, told)}.`;
}

function reasonOf(winner: Proposal): string {
  const why = winner.why ? ` (“${short(winner.why, WHY)}”)` : "";
  const agreed = winner.tally ? " and the council agreed" : ", which takes no vote";
  return `${short(winner.author, 40)} proposed it${why}${agreed}`;
}

export interface Step {
  title: string;
  text: string;
}

/** The same in steps: proposals, votes, guards, rules, orders, worth. `knownAt`: when the worth will be known, in words. */
export function steps(told: Told, knownAt: string): Step[] {
  return [
    ...told.proposals.map((one) => ({ title: "Proposed", text: proposedWords(one, told) })),
    ...told.proposals.flatMap((one) => votedWords(one).map((text) => ({ title: "Voted", text }))),
    ...told.proposals.map((one) => ({ title: won(one) ? "Won" : "Lost", text: endWords(one, told) })),
    ...rulesWords(told),
    ...told.orders.map((order) => ({ title: "Executed", text: orderWords(order) })),
    { title: "Worth", text: worthWords(told, knownAt) },
  ];
}

function proposedWords(one: Proposal, told: Told): string {
  const instead = one.amends ? `, instead of what ${short(authorOf(told)(one.amends) ?? "another", 40)} proposed` : "";
  return `${short(one.author, 40)} proposed to ${wanted(one)}${instead}${one.why ? `: “${short(one.why, WHY)}”` : "."}`;
}

function votedWords(one: Proposal): string[] {
  const { tally } = one;
  if (!tally) return [];
  const share = (ppm: number) => percent(tally.total ? (ppm / tally.total) * 1_000_000 : 0);
  const forecast = tally.forecast === null ? "" : `, forecast ${tally.forecast.toFixed(3)}`;
  const vetoes = one.ballots.filter(({ veto, late }) => veto && !late).map(({ agent, reason }) => `; ${short(agent, 40)} vetoed${reason ? ` (“${short(reason, WHY)}”)` : ""}`);
  return [`On the proposal of ${short(one.author, 40)}: ${share(tally.yes)} of all mass for, ${share(tally.no)} against${forecast}: ${reasonWords(tally.state)}${vetoes.join("")}.`];
}

function endWords(one: Proposal, told: Told): string {
  const detail = one.detail ? ` (${short(one.detail, WHY)})` : "";
  const state = won(one) || !one.reason ? reasonWords(one.state) : "";
  const why = one.reason && one.reason !== one.state ? endOf(one, told) : state ? "" : endOf(one, told);
  return `${short(one.author, 40)}: ${[state, why].filter(Boolean).join(": ")}${detail}.`;
}

function rulesWords({ traces, held }: Told): Step[] {
  if (!traces.length) return [];
  const hit = traces.filter((trace) => tripped(trace) && !trace.shadow);
  const shadows = traces.filter((trace) => tripped(trace) && trace.shadow);
  const said = hit.map((trace) => `${trace.rule} (${trace.clause}) ${effectWords(trace)}`);
  const would = shadows.length ? ` In shadow, ${[...new Set(shadows.map(({ rule }) => rule))].join(", ")} would have, too.` : "";
  const text = hit.length ? `${said.join("; ")}.` : `All ${traces.length} clauses of the rules held.`;
  return [{ title: held ? "Held" : "Rules", text: `${text}${would}` }];
}

export function effectWords({ effect, clippedTo, value }: Trace): string {
  if (typeof value === "string") return `could not be evaluated (${value}), which counts as a denial`;
  if (effect === "clip") return clippedTo ? `cut the quantity to ${quantity(clippedTo)}` : "cut the quantity";
  return { deny: "denied it", hold: "held it for an operator", warn: "warned" }[effect] ?? effect;
}

export function orderWords(order: Order): string {
  const [code = "", ...detail] = order.reason.split(" ");
  const why = order.reason ? `: ${reasonWords(code)}${detail.length ? ` (${short(detail.join(" "), WHY)})` : ""}` : "";
  const state = reasonWords(order.state.toLowerCase()) === order.state.toLowerCase() ? order.state.toLowerCase().replaceAll("_", " ") : reasonWords(order.state.toLowerCase());
  const part = order.filled > 0 && order.filled < Number(order.quantity) ? `, of ${quantity(order.quantity)} that were ordered` : "";
  return `${ordered(order)}${part}; in the end ${state}${why}.`;
}

export function worthWords(told: Told, knownAt: string): string {
  const measured = told.orders.filter(({ atHorizon }) => atHorizon !== null);
  if (measured.length) {
    const sum = measured.reduce((all, { atHorizon }) => all + (atHorizon ?? 0), 0);
    return `At the horizon the fills had ${sum < 0 ? "lost" : "gained"} ${signed(sum)} after fees.`;
  }
  const answered = told.proposals.find(({ answer }) => answer)?.answer;
  if (answered) {
    if (answered.y === null) return "There was no price at the horizon, so the question is void.";
    return `${answered.question} ${answered.y ? "would have paid" : "would not have paid"}: ${basis(answered.gain)} after costs at the horizon.`;
  }
  if (told.track !== "TRADE") return "Reductions and halts are not scored.";
  return `What it is worth is not known yet${knownAt ? `: ${knownAt}` : "."}`;
}

/** A share as basis points, with its sign. */
export const basis = (share: number | null): string => (share === null ? "–" : `${signed(share * 10_000)} bp`);
