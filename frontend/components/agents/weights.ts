"use client";

import { useQueries } from "@tanstack/react-query";
import { lineOf, type WeightLine } from "@/lib/agents";
import { api, asked } from "@/lib/api";

const MOST = 1000;
const EVERY_MS = 15_000;

/** The newest buckets of each agent's weight, up to a moment or to now. */
export function useWeights(book: string, agents: string[], to: string | undefined): { lines: WeightLine[]; error: Error | null; loading: boolean } {
  const found = useQueries({
    queries: agents.map((agent) => ({
      queryKey: ["weights", book, agent, to ?? "now"],
      queryFn: async () => {
        const query = { book, limit: MOST, ...(to ? { to } : {}) };
        return lineOf(agent, (await asked(api.GET("/api/v1/agents/{agent}/weights", { params: { path: { agent }, query } }))).weights);
      },
      refetchInterval: to ? (false as const) : EVERY_MS,
    })),
  });
  const lines = agents.map((agent, index) => found[index]?.data ?? { agent, points: [] });
  return { lines, error: found.find(({ data, error }) => error && data === undefined)?.error ?? null, loading: found.some(({ isPending }) => isPending) };
}
