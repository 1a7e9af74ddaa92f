"use client";
// The orders of a decision: what became of each, and its limit, fee, slippage and worth with their formulas.

import { Badge, ORDER_STATES } from "@/components/badge";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import type { Told } from "@/lib/decision";
import { orderTerms, type Terms } from "@/lib/decision-terms";
import { orderWords } from "@/lib/decision-words";
import { quantity } from "@/lib/format";
import { TermTable } from "./term-table";

export function OrdersPanel({ told, terms }: { told: Told; terms: Terms }) {
  const rows = told.orders.flatMap((order) => order.fills.map(({ quantity: filled, price, fee, venue, liquidity, tick }) => ({ order: order.id, side: order.side, instrument: order.instrument, quantity: filled, price, fee, venue, liquidity, tick })));
  return (
    <div id="orders">
      <Panel title="Orders and fills" aside={<Save name="fills of the decision" rows={rows} />} empty={!told.orders.length && "No order came of it."}>
        <ul className="divide-y divide-line">
          {told.orders.map((order) => {
            const state = order.state.toLowerCase();
            const { look, icon } = ORDER_STATES[state] ?? { look: "quiet" as const, icon: undefined };
            return (
              <li key={order.id} className="min-w-0 px-3 py-2">
                <h3 className="flex flex-wrap items-center gap-2 text-sm font-medium">
                  <span className="number">
                    {order.side} {quantity(order.quantity)} {order.instrument}
                  </span>
                  <Badge look={look} icon={icon}>
                    {state.replaceAll("_", " ")}
                  </Badge>
                  <span className="text-xs font-normal text-faint">
                    {order.type} {order.lives}
                  </span>
                </h3>
                <p className="mt-0.5 text-xs break-words text-soft">{orderWords(order)}</p>
                <TermTable terms={orderTerms(order, terms)} label={`Numbers of the order to ${order.side} ${order.instrument}`} />
                {order.fills.some(({ afterHalt }) => afterHalt) && <Badge look="warn">filled after a halt</Badge>}
              </li>
            );
          })}
        </ul>
      </Panel>
    </div>
  );
}
