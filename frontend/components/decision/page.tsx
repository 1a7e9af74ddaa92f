"use client";
// The page of a decision: what happened and why, in a sentence, in steps, as a graph, and with every number explained.

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { parseAsString, useQueryState } from "nuqs";
import { Badge, Outcome } from "@/components/badge";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { kept } from "@/lib/address";
import type { Told } from "@/lib/decision";
import { knownBy, type Terms } from "@/lib/decision-terms";
import { headline, steps } from "@/lib/decision-words";
import { clock, short } from "@/lib/format";
import { CausesPanel } from "./causes";
import { EventsPanel } from "./events";
import { NumbersPanel } from "./numbers";
import { OrdersPanel } from "./orders";
import { ProposalsPanel } from "./proposals";
import { RulesPanel } from "./rules";
import { useDecision, useTermsOf } from "./told";

export function DecisionPage() {
  const [id] = useQueryState("id", parseAsString.withDefault(""));
  const { data: told, error, isPending, refetch } = useDecision(id);
  const terms = useTermsOf(told);
  const search = useSearchParams().toString();
  if (!id || !told) {
    return (
      <>
        <h1 className="sr-only">Decision</h1>
        <Panel
          title="Decision"
          loading={Boolean(id) && isPending && !error}
          error={error?.message}
          onRetry={refetch}
          empty={!id && "The address names no decision: choose one from the list."}
        />
        <p className="p-3 text-sm">
          <Link prefetch={false} className="text-accent underline" href={kept("/decisions/", search)}>
            All decisions
          </Link>
        </p>
      </>
    );
  }
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3">
      <Story told={told} terms={terms} />
      <CausesPanel told={told} />
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] items-start gap-3 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <ProposalsPanel told={told} terms={terms} />
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3">
          <NumbersPanel told={told} terms={terms} />
          <OrdersPanel told={told} terms={terms} />
          <RulesPanel told={told} />
        </div>
      </div>
      <EventsPanel told={told} />
    </div>
  );
}

function Story({ told, terms }: { told: Told; terms: Terms }) {
  const by = knownBy(told, terms);
  const said = steps(told, by === null ? "" : `the council is scored on it by about ${clock(by, 0)} UTC of the market's clock.`);
  return (
    <section id="steps" aria-label="What happened" className="min-w-0 rounded-lg border border-line bg-panel p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-soft">
        {told.outcome ? <Outcome outcome={told.outcome} /> : <Badge look="accent">undecided</Badge>}
        <span title={short(told.instrument, 200)}>{short(told.instrument, 30)}</span>
        <span>{told.track.toLowerCase()}</span>
        <Moment at={told.openedAt} days />
        <span className="number min-w-0 break-all" title="id of the decision">
          {told.decision || told.deliberation}
        </span>
        {!told.whole && <Badge look="quiet">from the read models: your role may not read the ledger</Badge>}
      </div>
      <h1 className="mt-2 max-w-5xl text-lg leading-snug font-semibold break-words">{headline(told)}</h1>
      <ol className="mt-3 grid max-w-5xl gap-1 text-sm">
        {said.map(({ title, text }, place) => (
          <li key={place} className="grid grid-cols-[5.5rem_minmax(0,1fr)] gap-2">
            <span className="text-faint">{title}</span>
            <span className="break-words" id={title === "Worth" ? "worth" : undefined}>
              {text}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
