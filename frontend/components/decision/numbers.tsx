"use client";
// How arbitration came to what the book should hold.

import { Panel } from "@/components/panel";
import type { Told } from "@/lib/decision";
import { arbitration, type Term, type Terms } from "@/lib/decision-terms";
import { price } from "@/lib/format";
import { TermTable } from "./term-table";

export function NumbersPanel({ told, terms }: { told: Told; terms: Terms }) {
  const found = [...opening(told, terms), ...arbitration(told)];
  return (
    <div id="numbers">
      <Panel title="Price and arbitration" empty={!found.length && "Nothing passed that could be arbitrated."} bodyClassName="px-3 pb-2" aside={!told.whole && "with the book’s terms of now"}>
        <TermTable terms={found} label="Numbers of the price and of the arbitration" />
      </Panel>
    </div>
  );
}

function opening({ market }: Told, terms: Terms): Term[] {
  if (!market) return [];
  const fee = Number(terms?.fee_bp);
  const [mark, spread] = [Number(market.price), Number(market.spread)];
  const found: Term[] = [{ name: "Price P", formula: "mid if the quote is at most 1 s old, else the last trade", inputs: `${market.tick} (${market.source})`, result: price(market.price) }];
  if (!(fee >= 0 && mark > 0)) return found;
  return [...found, { name: "Cost c", formula: "2 × fee + spread / P", inputs: `2 × ${fee} bp + ${market.spread} / ${price(market.price)}`, result: `${(2 * fee + (spread / mark) * 10_000).toFixed(3)} bp` }];
}
