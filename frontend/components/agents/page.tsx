"use client";
// Who sits in the council and how good each is: a table of all, one of them whole, or several side by side.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { useBook, useMoment } from "@/lib/address";
import { compared } from "@/lib/agents";
import { api, asked } from "@/lib/api";
import { failing } from "@/lib/failing";
import { useMe } from "@/lib/me";
import { Agent } from "./agent";
import { Compare } from "./compare";
import { Seats } from "./seats";

const EVERY_MS = 10_000;

export function AgentsPage() {
  const { data: me } = useMe();
  const [chosen] = useBook();
  const [moment] = useMoment();
  const [agent, setAgent] = useQueryState("agent", parseAsString.withDefault(""));
  const [compare, setCompare] = useQueryState("compare", parseAsString.withDefault(""));
  const book = chosen || me?.books[0] || "";
  const council = useQuery({
    queryKey: ["agents", book],
    queryFn: () => asked(api.GET("/api/v1/agents", { params: { query: { limit: 1000, book } } })),
    enabled: Boolean(book),
    refetchInterval: moment ? false : EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const { data, error, isPending, refetch } = council;
  const seats = [...(data?.agents ?? [])].sort((one, other) => other.weight_ppm - one.weight_ppm);
  const names = seats.map((seat) => seat.agent);
  const together = compared(compare, names);
  const unknown = agent && data && !names.includes(agent);
  const to = moment?.toISOString();
  return (
    <div className="grid gap-3">
      <h1 className="sr-only">Agents</h1>
      <Panel
        title="The council"
        aside={
          <>
            {moment ? "as it stands now" : null}
            <Save name="council" rows={seats.map(({ agent: name, role, owner, weight_ppm, status, shadow, events, strikes }) => ({ agent: name, role, owner, weight_ppm, status, shadow, events, strikes }))} />
          </>
        }
        loading={isPending && !error && me?.books.length !== 0}
        {...failing(council)}
        onRetry={refetch}
        empty={(me?.books.length === 0 && "No book has been founded yet.") || (data && !seats.length && "No seat has been granted in this book yet.")}
      >
        <Seats
          seats={seats}
          chosen={agent}
          compared={together}
          onChoose={(name) => void setAgent(name === agent ? null : name, { history: "push" })}
          onCompare={(name) => {
            const next = together.includes(name) ? together.filter((one) => one !== name) : [...together, name];
            void setCompare(next.join(",") || null);
          }}
        />
      </Panel>
      {together.length > 1 && <Compare book={book} agents={together} to={to} />}
      {unknown && <Panel title="Agent" empty={`No agent of that name sits in book ${book}.`} />}
      {agent && !unknown && book && <Agent key={agent} book={book} agent={agent} to={to} />}
    </div>
  );
}
