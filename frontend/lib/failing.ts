// What a panel says when the server could not be asked, or not again.

interface Query {
  data: unknown;
  error: Error | null;
  dataUpdatedAt: number;
  errorUpdatedAt: number;
}

/** An answer of before stays, with its age (ms) at the last attempt; without one the reason is all there is. */
export function failing({ data, error, dataUpdatedAt, errorUpdatedAt }: Query): { error: string | null; staleFor: number | null } {
  if (!error) return { error: null, staleFor: null };
  if (data === undefined) return { error: error.message, staleFor: null };
  return { error: null, staleFor: Math.max(1, errorUpdatedAt - dataUpdatedAt) };
}
