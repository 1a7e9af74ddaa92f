"use client";
// The candles of one instrument, kept alive by its prices without React hearing of each.

import { Download } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect, useRef } from "react";
import { saved } from "@/components/save";
import { kept } from "@/lib/address";
import { useView } from "@/lib/live/view";
import type { Market } from "@/lib/live/fold";
import type { Candle, Width } from "@/lib/market/candles";
import { worded, type Mark } from "@/lib/market/marks";
import { CandleChart, legendOf } from "./candle-chart";

export interface ChartProps {
  instrument: string;
  width: Width;
  candles: Candle[];
  recent: Candle[];
  marks: Mark[];
  further: () => void;
  torn: () => void;
}

export default function Chart({ instrument, width, candles, recent, marks, further, torn }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLParagraphElement>(null);
  const chart = useRef<CandleChart>(null);
  const router = useRouter();
  const search = useSearchParams().toString();
  const asks = useRef<{ further: () => void; torn: () => void; open: (mark: Mark) => void }>({ further, torn, open: () => undefined });

  useEffect(() => {
    const open = (mark: Mark) => router.push(kept("/decision/", search, { id: mark.decision }));
    asks.current = { further, torn, open };
  });

  useEffect(() => {
    if (!host.current) return;
    const made = new CandleChart(host.current, width, {
      pointed: (candle, mark) => {
        if (legend.current) legend.current.textContent = mark ? worded(mark) : legendOf(candle);
      },
      clicked: (mark) => asks.current.open(mark),
      further: () => asks.current.further(),
      torn: () => asks.current.torn(),
    });
    chart.current = made;
    return () => {
      chart.current = null;
      made.close();
    };
  }, [width, instrument]);

  useEffect(() => chart.current?.show(candles), [candles, width, instrument]);
  useEffect(() => chart.current?.correct(recent), [recent]);
  useEffect(() => chart.current?.mark(marks), [marks, candles, width, instrument]);
  useEffect(
    () =>
      useView.subscribe((view, before) => {
        const market = view.markets[instrument];
        if (market && market !== before.markets[instrument]) grow(chart.current, market);
      }),
    [instrument],
  );

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex items-center pr-3">
        <p ref={legend} data-testid="legend" className="number h-5 min-w-0 flex-1 truncate whitespace-pre px-3 text-2xs text-soft" />
        <button
          type="button"
          aria-label="Save the chart as PNG"
          title="Save the chart as PNG"
          onClick={() => chart.current?.picture((image) => saved(`${instrument}.png`, image))}
        >
          <Download aria-hidden className="size-3.5 text-faint" />
        </button>
      </div>
      <div
        ref={host}
        role="img"
        aria-label={`Candles of ${width === 1 ? "1 s" : "1 min"} of ${instrument} with the council's decisions; the same decisions stand in the list`}
        className="min-h-0 flex-1"
      />
    </div>
  );
}

function grow(chart: CandleChart | null, market: Market) {
  const at = market.points.at(-1)?.[0];
  if (at !== undefined) chart?.tick(Number(market.last ?? market.mark), at);
}
