"use client";
// The newest price of an instrument, how fast prices come, and how old this one is.

import { ArrowDown, ArrowUp } from "lucide-react";
import { Badge } from "@/components/badge";
import { useNow } from "@/components/shell/now";
import { age, price } from "@/lib/format";
import { useView } from "@/lib/live/view";
import { PRICE_SILENT_AFTER_MS } from "@/lib/market/health";

export function Quote({ instrument }: { instrument: string }) {
  const market = useView((view) => view.markets[instrument]);
  const quote = useView((view) => view.book?.quote ?? "");
  const moment = useView((view) => view.moment);
  const clock = useNow();
  const now = moment ?? clock;
  if (!market) return <p className="px-3 py-1 text-sm text-faint">No price has come yet.</p>;
  const quiet = now ? Math.max(0, now - market.seenAt) : 0;
  const silent = quiet > PRICE_SILENT_AFTER_MS;
  return (
    <dl className={`flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-3 py-1 text-xs ${silent ? "text-faint" : ""}`}>
      <dt className="sr-only">Last price of {instrument}</dt>
      <dd className="number flex items-center gap-1 text-lg font-semibold" title={`last trade, ${quote}`}>
        <Side side={market.side} />
        {price(market.last ?? market.mark)}
      </dd>
      <Pair name="Bid" value={price(market.bid)} />
      <Pair name="Ask" value={price(market.ask)} />
      <Pair name="Mark" value={price(market.mark)} />
      <Pair name="Ticks/s" value={market.rate.toFixed(1)} />
      <Pair name="Age" value={age(quiet)} />
      {silent && <dd><Badge look="bad">silent for {age(quiet)}</Badge></dd>}
    </dl>
  );
}

function Side({ side }: { side: string | null }) {
  if (side === "buy") return <ArrowUp aria-label="bought" className="size-4 text-good" />;
  if (side === "sell") return <ArrowDown aria-label="sold" className="size-4 text-bad" />;
  return null;
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex gap-1">
      <dt className="text-faint">{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}
