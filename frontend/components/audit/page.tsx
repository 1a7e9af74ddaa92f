"use client";
// The ledger, event by event: what, who, when, why, and the hashes that prove it.

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { parseAsString, useQueryStates } from "nuqs";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { useBook, useMoment } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { failing } from "@/lib/failing";
import { useMe } from "@/lib/me";
import type { LedgerRow } from "@/lib/past/frames";
import { Filters, type Filter } from "./filters";
import { Row } from "./row";

const PAGE = 100;
const EVERY_MS = 5000;
const FILTERS = {
  log: parseAsString.withDefault(""),
  event: parseAsString.withDefault(""),
  actor: parseAsString.withDefault(""),
  correlation: parseAsString.withDefault(""),
  from: parseAsString.withDefault(""),
  to: parseAsString.withDefault(""),
};

export function AuditPage() {
  const { data: me } = useMe();
  return (
    <>
      <h1 className="sr-only">Audit</h1>
      {me && !me.explores ? (
        <Panel title="The ledger" empty="Your role may not explore the ledger: the roles auditor and administrator may." />
      ) : (
        <Ledger allowed={me?.explores === true} />
      )}
    </>
  );
}

function Ledger({ allowed }: { allowed: boolean }) {
  const [filter, setFilter] = useQueryStates(FILTERS);
  const [book] = useBook();
  const [moment] = useMoment();
  const upto = earliest(filter.to, moment?.toISOString() ?? "");
  const events = useInfiniteQuery({
    queryKey: ["ledger", book, filter, upto],
    queryFn: ({ pageParam, signal }) => asked(api.GET("/api/v1/ledger", { params: { query: { ...query(filter, book, upto), cursor: pageParam } }, signal })),
    enabled: allowed,
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    // Only the first page follows the market: who has paged back is reading.
    refetchInterval: ({ state }) => (upto || (state.data?.pages.length ?? 0) > 1 ? false : EVERY_MS),
    placeholderData: keepPreviousData,
  });
  const { data, error, isPending, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = events;
  const rows = data?.pages.flatMap((page) => page.events) ?? [];
  const named = Object.entries({ ...filter, ...(book ? { book } : {}) }).filter(([, value]) => value);
  const conditions = named.map(([name, value]) => `${name} ${value}`).join(", ");
  return (
    <Panel
      title="The ledger, the newest first"
      aside={
        <>
          <a className="text-accent underline-offset-2 hover:underline" href={`/ledger/export/?${new URLSearchParams(given(filter))}`}>
            Export with proof
          </a>
          <a className="text-accent underline-offset-2 hover:underline" href="/ledger/verify/">
            Verify
          </a>
          <Save name="ledger events" rows={rows.map(flat)} />
        </>
      }
    >
      <Filters filter={filter} onChange={(changed) => void setFilter(changed)} />
      <Panel
        title={conditions ? `Events with ${conditions}` : "All events"}
        className="rounded-none border-0 border-t"
        loading={isPending && !error}
        {...failing(events)}
        onRetry={refetch}
        empty={data && !rows.length && (conditions ? `No event has ${conditions}.` : "The ledger is empty.")}
      >
        <ol className="divide-y divide-line">
          {rows.map((row) => (
            <Row key={row.event_id} row={row} onFilter={(changed) => void setFilter(changed, { history: "push" })} />
          ))}
        </ol>
        {hasNextPage && (
          <button type="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()} className="m-3 rounded border border-line bg-raised px-3 py-1 text-sm">
            {isFetchingNextPage ? "Loading…" : "Older"}
          </button>
        )}
      </Panel>
    </Panel>
  );
}

const earliest = (one: string, other: string) => (!one || (other && other < one) ? other : one);

/** What is given at all, as the API names it. */
function given({ log, event, ...rest }: Filter): Record<string, string> {
  const all = { ...rest, ...(log ? { log } : {}), ...(event ? { event } : {}) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

function query(filter: Filter, book: string, to: string) {
  const { log, event, ...rest } = given({ ...filter, to });
  return {
    ...rest,
    ...(log ? { log: log as "governance" | "execution" } : {}),
    ...(event ? { event: event.split(",") } : {}),
    ...(book ? { book } : {}),
    newest: true,
    limit: PAGE,
  };
}

const flat = ({ payload, ...row }: LedgerRow) => ({ ...row, payload: JSON.stringify(payload) });
