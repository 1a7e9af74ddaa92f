// What a panel says when the server could not be asked, or not again.

interface Query {
  data: unknown;
  error: Error | null;
  dataUpdatedAt: number;
  errorUpdatedAt: number;
}

/** Answers of before stay, with the age (ms) of the oldest at the last attempt; where one is missing, its reason is all there is. */
export function failing(...queries: Query[]): { error: string | null; staleFor: number | null } {
  const failed = queries.filter(({ error }) => error !== null);
  const missing = failed.find(({ data }) => data === undefined);
  if (missing) return { error: missing.error?.message ?? null, staleFor: null };
  const ages = failed.map(({ dataUpdatedAt, errorUpdatedAt }) => Math.max(1, errorUpdatedAt - dataUpdatedAt));
  return { error: null, staleFor: ages.length ? Math.max(...ages) : null };
}
