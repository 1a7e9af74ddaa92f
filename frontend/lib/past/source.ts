// The past as the API gives it.

import { api, asked } from "@/lib/api";
import { TOLD_EVENTS, type Bar, type LedgerRow } from "./frames";
import type { Source } from "./player";

const PAGE = 1000;
const MOST_BEFORE = 1000;
const iso = (at: number) => new Date(at).toISOString();

export function sourceOf(book: string): Source {
  return {
    asOf: (at, signal) =>
      asked(api.GET("/api/v1/books/{book}/as-of", { params: { path: { book }, query: { at: iso(at) } }, signal })),

    async before(at, signal) {
      const query = { book, event: TOLD_EVENTS, to: iso(at), newest: true, limit: MOST_BEFORE };
      const { events } = await asked(api.GET("/api/v1/ledger", { params: { query }, signal }));
      return events.reverse();
    },

    async events(from, to, signal) {
      const found: LedgerRow[] = [];
      let cursor = "";
      do {
        const query = { book, event: TOLD_EVENTS, from: iso(from), to: iso(to), limit: PAGE, cursor };
        const page = await asked(api.GET("/api/v1/ledger", { params: { query }, signal }));
        found.push(...page.events);
        cursor = page.next ?? "";
      } while (cursor);
      return found.sort((one, other) => Date.parse(one.recorded_at) - Date.parse(other.recorded_at));
    },

    async bars(from, to, symbols, signal) {
      const pages = symbols.map(async (instrument) => {
        const query = { instrument, width_s: "1" as const, from: iso(from), to: iso(to), limit: PAGE };
        return (await asked(api.GET("/api/v1/bars", { params: { query }, signal }))).bars;
      });
      const bars: Bar[] = (await Promise.all(pages)).flat();
      return bars.sort((one, other) => Number(one.at_ns) - Number(other.at_ns));
    },
  };
}
