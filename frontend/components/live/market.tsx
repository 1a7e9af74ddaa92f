"use client";
// The market: prices as candles, with what the council did about them.

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useCallback, useMemo } from "react";
import { Panel } from "@/components/panel";
import { useReach } from "@/components/shell/state";
import { useInstrument, useMoment } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { short } from "@/lib/format";
import { useView } from "@/lib/live/view";
import { candlesOf, type Candle, type Width } from "@/lib/market/candles";
import { useMarks } from "./market-marks";
import { Quote } from "./quote";

const drawing = () => import("./chart");
const Chart = dynamic(drawing, { ssr: false });
if (typeof window !== "undefined") void drawing(); // there when the candles are
const WIDTHS = ["1", "60"] as const;
const NO_CANDLES: Candle[] = [];
const NO_SYMBOLS: string[] = [];

export function MarketPanel({ className }: { className?: string }) {
  const symbols = useView((view) => view.book?.symbols ?? NO_SYMBOLS);
  const loaded = useView((view) => view.loaded);
  const reach = useReach();
  const [chosen, choose] = useInstrument();
  const [widthText, setWidth] = useQueryState("width", parseAsStringLiteral(WIDTHS).withDefault("1"));
  const instrument = chosen || (symbols[0] ?? "");
  const unknown = loaded && symbols.length > 0 && !symbols.includes(instrument);
  return (
    <Panel
      title="Market"
      loading={!loaded}
      {...reach}
      empty={!symbols.length ? "This book lists no instruments." : unknown && `The book does not list ${short(instrument)}: choose one of its own above.`}
      className={className}
      bodyClassName="flex flex-col"
      aside={
        <>
          <Choice label="Instrument" options={symbols} chosen={instrument} choose={(symbol) => void choose(symbol)} />
          <Choice label="Width of a candle" options={WIDTHS} chosen={widthText} choose={(width) => void setWidth(width)} named={(width) => (width === "1" ? "1 s" : "1 min")} />
        </>
      }
    >
      <Quote instrument={instrument} />
      <Candles key={`${instrument} ${widthText}`} instrument={instrument} width={Number(widthText) as Width} />
    </Panel>
  );
}

interface Choosing<Option extends string> {
  label: string;
  options: readonly Option[];
  chosen: string;
  choose: (option: Option) => void;
  named?: (option: Option) => string;
}

function Choice<Option extends string>({ label, options, chosen, choose, named = short }: Choosing<Option>) {
  return (
    <span role="group" aria-label={label} className="inline-flex max-w-full overflow-x-auto rounded border border-line">
      {options.map((option) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === chosen}
          title={option}
          onClick={() => choose(option)}
          className={`whitespace-nowrap px-2 py-0.5 text-xs ${option === chosen ? "bg-accent-soft font-medium text-accent" : "text-soft hover:text-ink"}`}
        >
          {named(option)}
        </button>
      ))}
    </span>
  );
}

const PAGE = 600;
const AGAIN_MS = 3000;

function Candles({ instrument, width }: { instrument: string; width: Width }) {
  const [moment] = useMoment();
  const to = moment?.toISOString();
  const wanted = { instrument, width_s: String(width) as "1" | "60" };
  const history = useInfiniteQuery({
    queryKey: ["bars", instrument, width, to],
    queryFn: ({ pageParam }) => asked(api.GET("/api/v1/bars", { params: { query: { ...wanted, limit: PAGE, cursor: pageParam, ...(to ? { to } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    maxPages: 8,
    staleTime: Infinity,
    gcTime: 10_000, // shown again much later it would begin with a hole
    placeholderData: keepPreviousData,
  });
  const newest = useQuery({
    queryKey: ["bars", "newest", instrument, width],
    queryFn: () => asked(api.GET("/api/v1/bars", { params: { query: { ...wanted, limit: 30 } } })),
    refetchInterval: AGAIN_MS,
    enabled: !moment && history.isSuccess,
  });
  const until = moment?.getTime() ?? null;
  const candles = useMemo(() => candlesOf(history.data?.pages.flatMap((page) => page.bars) ?? [], width, until), [history.data, width, until]);
  const recent = useMemo(() => (newest.data && until === null ? candlesOf(newest.data.bars, width) : NO_CANDLES), [newest.data, width, until]);
  const { marks, unseen } = useMarks(instrument, width, candles[0]?.time ?? Infinity);
  const { hasNextPage, isFetching, fetchNextPage, refetch } = history;
  const further = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const torn = useCallback(() => {
    if (!isFetching) void refetch();
  }, [isFetching, refetch]);

  if (history.error && !history.data) return <State bad text={history.error.message} again={() => void refetch()} />;
  if (!history.data) return <State text="Loading candles…" />;
  if (!candles.length) return <State text={`Nothing of ${short(instrument)} was traded${to ? ` before ${to}` : ""} yet.`} />;
  return (
    <>
      <div className="min-h-40 flex-1">
        <Chart {...{ instrument, width, candles, recent, marks, further, torn }} />
      </div>
      <Key unseen={unseen} />
    </>
  );
}

function State({ text, bad, again }: { text: string; bad?: boolean; again?: () => void }) {
  return (
    <p role={bad ? "alert" : "status"} className={`min-h-48 flex-1 break-words px-3 py-4 text-sm ${bad ? "text-bad" : "text-faint"}`}>
      {text}{" "}
      {again && (
        <button type="button" onClick={again} className="underline">
          Try again
        </button>
      )}
    </p>
  );
}

function Key({ unseen }: { unseen: string | null }) {
  return (
    <p className="flex flex-wrap items-center gap-x-3 px-3 pb-1 text-2xs text-faint">
      <span><b className="text-good">↑</b> granted buy</span>
      <span><b className="text-bad">↓</b> granted sell</span>
      <span><b className="text-warn">●</b> cut</span>
      <span><b className="text-veto">●</b> veto</span>
      <span><b className="text-quiet">·</b> refused</span>
      <span><b className="text-accent">■</b> fill</span>
      {unseen && <span role="alert" className="text-warn">{unseen}</span>}
      <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer" className="ml-auto underline-offset-2 hover:underline">
        Charts by TradingView
      </a>
    </p>
  );
}
