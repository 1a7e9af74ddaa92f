"use client";
// Decisions page by page, the newest first, with what was executed for them in the same time.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useBook, useMoment } from "@/lib/address";
import { api, asked, type Shape } from "@/lib/api";
import { executed, type Decision, type Span } from "@/lib/decision-search";
import { failing } from "@/lib/failing";
import type { Filter } from "./filters";

const PAGE = 100;
const EVERY_MS = 5_000;
const LATER_MS = 300_000;
const FILL_PAGES = 5;

/** Bounded by the moment that is looked at; what is newest is asked again while only the first page is open. */
export function useDecisions(filter: Filter, span: Partial<Span> | null) {
  const [book] = useBook();
  const [moment] = useMoment();
  const to = Math.min(span?.to ?? Infinity, moment?.getTime() ?? Infinity);
  const query = {
    limit: PAGE,
    ...(book ? { book } : {}),
    ...(filter.outcome ? { outcome: filter.outcome } : {}),
    ...(filter.instrument ? { instrument: filter.instrument } : {}),
    ...(span?.from !== undefined ? { from: new Date(span.from).toISOString() } : {}),
    ...(Number.isFinite(to) ? { to: new Date(to).toISOString() } : {}),
  };
  const pages = useInfiniteQuery({
    queryKey: ["decisions", query],
    queryFn: ({ pageParam }) => asked(api.GET("/api/v1/decisions", { params: { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state: { data } }) => (Number.isFinite(to) || (data?.pages.length ?? 0) > 1 ? false : EVERY_MS),
  });
  const decisions = useMemo(() => pages.data?.pages.flatMap((page) => page.decisions) ?? [], [pages.data]);
  const fills = useFills(decisions, book, filter.instrument);
  return {
    decisions,
    fills: fills.data ?? NONE,
    ...failing(pages, fills),
    loading: pages.isPending,
    fetching: pages.isFetchingNextPage,
    more: pages.hasNextPage,
    older: () => void pages.fetchNextPage(),
    again: () => void Promise.all([pages.refetch(), fills.refetch()]),
  };
}

const NONE: ReturnType<typeof executed> = new Map();

function useFills(decisions: Decision[], book: string, instrument: string) {
  const [newest, oldest] = [decisions[0], decisions.at(-1)];
  return useQuery({
    queryKey: ["fills of decisions", book, instrument, newest?.decision_id, oldest?.decision_id],
    queryFn: () => fillsBetween(oldest?.decided_at ?? "", newest?.decided_at ?? "", book, instrument),
    enabled: decisions.length > 0,
    placeholderData: (before) => before,
  });
}

async function fillsBetween(first: string, last: string, book: string, instrument: string): Promise<ReturnType<typeof executed>> {
  const to = new Date(Date.parse(last) + LATER_MS).toISOString();
  const query = { limit: 1000, from: first, to, ...(book ? { book } : {}), ...(instrument ? { instrument } : {}) };
  const found: Shape<"Fill">[] = [];
  let cursor: string | null = "";
  for (let page = 0; cursor !== null && page < FILL_PAGES; page += 1) {
    const told: Shape<"FillPage"> = await asked(api.GET("/api/v1/fills", { params: { query: { ...query, ...(cursor ? { cursor } : {}) } } }));
    found.push(...told.fills);
    cursor = told.next;
  }
  return executed(found);
}
