// What the engine's codes mean, in the site's own words.

import told from "@/interface/words.json";

const words: {
  outcomes: Record<string, string>;
  states: Record<string, string>;
  reasons: Record<string, string>;
  because: Record<string, string>;
  somebody: string;
  modes: Record<string, string>;
  sources: Record<string, string>;
  stages: Record<string, { title: string; what: string }>;
  targets: Record<string, { p50?: number; p99?: number }>;
  /** Upper bounds of the buckets in which latencies are counted; there is one more, above all of them. */
  bounds_ms: number[];
} = told;

export default words;

/** A code in words; what has none is shown as it is. */
export const reasonWords = (code: string): string => words.reasons[code] ?? words.states[code] ?? code;

/** Why a proposal lost, and to what: the same sentences as on the page of the decision. `rival` names a proposal. */
export function because(
  { reason, state, by }: { reason: string; state: string; by: string },
  rival: (id: string) => string | undefined = () => undefined,
): string {
  const code = reason || state;
  const exact = words.because[`${code}:${by}`];
  if (exact) return exact;
  const sentence = words.because[code];
  if (!by || !sentence) return reasonWords(code);
  const author = rival(by);
  const named = author ? `the proposal of ${author}` : /^[0-9a-f-]{36}$/.test(by) ? words.somebody : by;
  return sentence.replace("{by}", named);
}
