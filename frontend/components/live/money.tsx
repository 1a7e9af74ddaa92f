"use client";
// Positions and P&L of the book, and how its equity went since this page was opened.

import { useEffect, useState } from "react";
import { Badge } from "@/components/badge";
import { Panel } from "@/components/panel";
import { useReach } from "@/components/shell/state";
import { money, price, quantity, short, signed } from "@/lib/format";
import type { HeldPosition, Portfolio } from "@/lib/live/protocol";
import { useView } from "@/lib/live/view";
import { pathOf, remembered, type Point } from "@/lib/market/equity";

export function MoneyPanel({ className }: { className?: string }) {
  const portfolio = useView((view) => view.status?.portfolio ?? null);
  const quote = useView((view) => view.book?.quote ?? "");
  const loaded = useView((view) => view.loaded);
  const known = useView((view) => view.status !== null);
  const reach = useReach();
  return (
    <Panel
      title="Positions and P&L"
      loading={!loaded || !known}
      {...reach}
      empty={!portfolio && "This book has no account yet."}
      className={className}
      aside={quote}
    >
      {portfolio && (
        <div tabIndex={0} role="region" aria-label="Account and positions" className="h-full overflow-auto px-3 py-2">
          <Account portfolio={portfolio} />
          <Positions positions={portfolio.positions} />
          {portfolio.unpriced.length > 0 && (
            <p className="mt-1 text-xs text-warn">Without a price, and so not counted: {short(portfolio.unpriced.join(", "), 200)}</p>
          )}
        </div>
      )}
    </Panel>
  );
}

function Account({ portfolio }: { portfolio: Portfolio }) {
  return (
    <>
      <div className="flex items-end justify-between gap-3">
        <dl>
          <dt className="text-xs text-faint">Equity</dt>
          <dd className="number text-lg font-semibold">{money(portfolio.equity)}</dd>
        </dl>
        <Sparkline />
      </div>
      <dl className="mt-1 grid grid-cols-[1fr_auto_1fr_auto] gap-x-3 text-xs">
        <Amount name="Net P&L" value={portfolio.net} gain />
        <Amount name="Cash" value={portfolio.cash} />
        <Amount name="Realised" value={portfolio.realised} gain />
        <Amount name="Fees" value={portfolio.fees} />
        <Amount name="Unrealised" value={portfolio.unrealised} gain />
        <Amount name="Deposits" value={portfolio.deposits} />
      </dl>
    </>
  );
}

const colour = (value: string) => (Number(value) > 0 ? "text-good" : Number(value) < 0 ? "text-bad" : "");

function Amount({ name, value, gain }: { name: string; value: string; gain?: boolean }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className={`number text-right ${gain ? colour(value) : ""}`}>{gain ? signed(value) : money(value)}</dd>
    </>
  );
}

function Positions({ positions }: { positions: HeldPosition[] }) {
  const held = positions.filter((position) => Number(position.quantity));
  if (!held.length) return <p className="mt-2 text-xs text-faint">No position is held.</p>;
  return (
    <table className="mt-2 w-full text-xs">
      <caption className="sr-only">Positions</caption>
      <thead className="text-faint">
        <tr className="border-b border-line">
          <th scope="col">Instrument</th>
          <th scope="col" className="text-right">Quantity</th>
          <th scope="col" className="text-right">Average</th>
          <th scope="col" className="text-right">Mark</th>
          <th scope="col" className="text-right">Unrealised</th>
        </tr>
      </thead>
      <tbody className="number divide-y divide-line">
        {held.slice(0, 50).map((position) => (
          <tr key={position.instrument}>
            <th scope="row" title={short(position.instrument, 200)}>{short(position.instrument, 14)}</th>
            <td className="pl-2 text-right">{quantity(position.quantity)}</td>
            <td className="pl-2 text-right">{price(position.average)}</td>
            <td className="pl-2 text-right">{position.stale ? <Badge look="warn" title="the price is stale">{price(position.mark)}</Badge> : price(position.mark)}</td>
            <td className={`pl-2 text-right ${colour(position.unrealised)}`}>{signed(position.unrealised)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const SIZE = { width: 150, height: 34 };

function Sparkline() {
  const [points, setPoints] = useState<Point[]>([]);
  useEffect(
    () =>
      useView.subscribe(({ status, loaded }, before) => {
        if (!loaded) setPoints((known) => (known.length ? [] : known)); // another book, or another moment
        else if (status && status !== before.status) setPoints((known) => remembered(known, status.at, status.portfolio?.equity));
      }),
    [],
  );
  const path = pathOf(points, SIZE.width, SIZE.height);
  if (!path) return <span className="text-2xs text-faint">equity since now</span>;
  const [first, last] = [points[0], points.at(-1)];
  const rose = Number(last?.[1]) >= Number(first?.[1]);
  return (
    <svg role="img" aria-label={`Equity since this page was opened: from ${money(first?.[1])} to ${money(last?.[1])}`} width={SIZE.width} height={SIZE.height} className={`shrink-0 ${rose ? "text-good" : "text-bad"}`}>
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}
