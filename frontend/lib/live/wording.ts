// A decision in one line: what was ordered and what came of it, who won, who lost to what.

import { WON } from "@/components/badge";
import { price, quantity, short } from "@/lib/format";
import { because, reasonWords } from "@/lib/words";
import type { Decision } from "./fold";
import type { SummarisedOrder } from "./protocol";

export function orderWords(order: SummarisedOrder): string {
  const part = Number(order.filled) > 0 && Number(order.filled) < Number(order.quantity) ? `${quantity(order.filled)} of ` : "";
  const ticket = `${order.side} ${part}${quantity(order.quantity)}`;
  if (Number(order.filled) > 0) return `${ticket} at ${price(order.average)}`;
  return `${ticket}: ${order.reason ? reasonWords(order.reason) : reasonWords(order.state)}`;
}

type Brief = Pick<Decision, "proposals">;

export const winners = ({ proposals }: Brief): string[] => [...new Set(proposals.filter(({ state }) => WON.has(state)).map(({ agent }) => agent))];

/** "rule: the voters’ forecast was below one half", one a proposal that lost. */
export function losses({ proposals }: Brief): string[] {
  const author = (id: string) => proposals.find((one) => one.proposal_id === id)?.agent;
  return proposals.filter(({ state }) => !WON.has(state)).map((lost) => `${short(lost.agent || "an agent", 24)}: ${because(lost, author)}`);
}

/** Why the winners got less than they asked for. */
export function cuts({ proposals }: Brief): string[] {
  return proposals.filter(({ state, reason }) => state === "REDUCED" && reason).map((one) => because(one));
}
