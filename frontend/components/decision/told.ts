"use client";
// What is known of a decision: the ledger's story, or what the read models have for who may not see the ledger.

import { useQuery } from "@tanstack/react-query";
import { api, asked } from "@/lib/api";
import { toldOf, toldOfModels, type Told } from "@/lib/decision";
import type { Terms } from "@/lib/decision-terms";
import { useMe } from "@/lib/me";

const YOUNG_MS = 120_000;
const EVERY_MS = 5_000;

/** Asked again while it is young and not answered by the market: orders, fills and worth still come. */
export function useDecision(id: string) {
  const { data: me } = useMe();
  return useQuery({
    queryKey: ["decision", id, me?.explores],
    queryFn: () => (me?.explores ? ofLedger(id) : ofModels(id)),
    enabled: Boolean(id && me),
    refetchInterval: ({ state: { data } }) => (data && !data.known && Date.now() - (data.openedAt ?? 0) < YOUNG_MS ? EVERY_MS : false),
  });
}

async function ofLedger(decision_id: string): Promise<Told> {
  return toldOf(await asked(api.GET("/api/v1/decisions/{decision_id}/explain", { params: { path: { decision_id } } })));
}

async function ofModels(decision_id: string): Promise<Told> {
  const decision = await asked(api.GET("/api/v1/decisions/{decision_id}", { params: { path: { decision_id } } }));
  const deliberation_id = decision.deliberation_id;
  if (!deliberation_id) return toldOfModels(decision, null, []);
  const [round, { outcomes }] = await Promise.all([
    asked(api.GET("/api/v1/deliberations/{deliberation_id}", { params: { path: { deliberation_id } } })),
    asked(api.GET("/api/v1/outcomes", { params: { query: { deliberation: deliberation_id } } })),
  ]);
  return toldOfModels(decision, round, outcomes);
}

/** The terms of its book as they were when the round opened; for who may not see the past, as they are now. */
export function useTermsOf(told: Told | undefined): Terms {
  const { data: me } = useMe();
  const { book = "", openedAt = null } = told ?? {};
  const then = me?.explores && openedAt !== null ? new Date(openedAt).toISOString() : null;
  const { data } = useQuery({
    queryKey: ["terms", book, then],
    queryFn: () => (then ? termsThen(book, then) : termsNow(book)),
    enabled: Boolean(me && book),
    staleTime: then ? Infinity : 60_000,
  });
  return data;
}

const termsThen = async (book: string, at: string): Promise<Terms> =>
  (await asked(api.GET("/api/v1/books/{book}/as-of", { params: { path: { book }, query: { at } } }))).terms as Terms;

const termsNow = async (book: string): Promise<Terms> =>
  (await asked(api.GET("/api/v1/books/{book}", { params: { path: { book } } }))).terms as Terms;
