"use client";
// The decisions and fills of an instrument as marks: the older ones from the API, the newer ones as they come.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useBook, useMoment } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { useView } from "@/lib/live/view";
import type { Width } from "@/lib/market/candles";
import { filled, happened, marksOf, type Mark } from "@/lib/market/marks";

const TELLING = ["granted", "reduced", "vetoed"] as const;
const MOST = 200;
const FILLS_EVERY_MS = 5000;

/** `from`: the oldest candle, s. `unseen` says what could not be read. */
export function useMarks(instrument: string, width: Width, from: number): { marks: Mark[]; unseen: string | null } {
  const [book] = useBook();
  const [moment] = useMoment();
  const decisions = useView((view) => view.decisions);
  const bounds = { instrument, limit: MOST, ...(book ? { book } : {}), ...(moment ? { to: moment.toISOString() } : {}) };
  const older = useQuery({
    queryKey: ["marks", "decisions", bounds],
    queryFn: async () => {
      const ask = (outcome: (typeof TELLING)[number]) => asked(api.GET("/api/v1/decisions", { params: { query: { ...bounds, outcome } } }));
      return (await Promise.all(TELLING.map(ask))).flatMap((page) => page.decisions);
    },
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  const fills = useQuery({
    queryKey: ["marks", "fills", bounds],
    queryFn: () => asked(api.GET("/api/v1/fills", { params: { query: bounds } })),
    refetchInterval: moment ? false : FILLS_EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const kept = useMemo(() => {
    const decided = (older.data ?? []).map(({ decided_at, ...one }) => happened({ ...one, at: Date.parse(decided_at ?? ""), orders: ordersOf(one.orders) }, instrument));
    const traded = (fills.data?.fills ?? []).map((fill) => filled({ ...fill, filled_at: fill.filled_at ?? "" }));
    return [...decided, ...traded];
  }, [older.data, fills.data, instrument]);
  const marks = useMemo(() => {
    const now = decisions.filter((one) => one.instrument === instrument && (width === 1 || one.outcome !== "refused"));
    return marksOf([...kept, ...now.map((one) => happened(one, instrument))], width, from);
  }, [kept, decisions, instrument, width, from]);
  const error = older.error ?? fills.error;
  return { marks, unseen: error ? `marks are missing: ${error.message}` : null };
}

const ordersOf = (orders: unknown) => (Array.isArray(orders) ? (orders as { side?: string; quantity?: string; instrument?: string }[]) : []);
