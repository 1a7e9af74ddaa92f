"use client";
// The decisions as they come, one a line: what was ordered, who won, who lost to what.

import { Pause, Play } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { memo, useDeferredValue, useEffect, useRef, useState, type RefObject } from "react";
import { ORDER_STATES, Outcome, OUTCOMES } from "@/components/badge";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { useReach } from "@/components/shell/state";
import { kept } from "@/lib/address";
import { short } from "@/lib/format";
import type { Decision } from "@/lib/live/fold";
import { useView } from "@/lib/live/view";
import { cuts, losses, orderWords, winners } from "@/lib/live/wording";

const SHOWN = 100;
const IN_SIGHT = 16;
const FILTERS = Object.keys(OUTCOMES);

export function DecisionsPanel({ className }: { className?: string }) {
  const coming = useView((view) => view.decisions);
  const loaded = useView((view) => view.loaded);
  const reach = useReach();
  const [held, setHeld] = useState<Decision[] | null>(null);
  const [outcome, setOutcome] = useQueryState("outcome", parseAsStringLiteral(FILTERS));
  const list = useRef<HTMLUListElement>(null);
  const search = useSearchParams().toString();
  useKeys(list);

  const all = held ?? coming;
  const shown = all.filter((one) => !outcome || one.outcome === outcome).slice(0, SHOWN);
  const fresh = held ? sinceThen(coming, held[0], outcome) : 0;
  const none = outcome ? `None of the last ${all.length} decisions was ${outcome}. Choose “all outcomes” to see the others.` : "Nothing has been decided yet.";
  return (
    <Panel
      title="Decisions"
      loading={!loaded}
      {...reach}
      empty={!shown.length && none}
      className={className}
      bodyClassName="flex min-h-0 flex-col"
      aside={
        <>
          <span className="hidden text-2xs md:inline">
            <kbd>j</kbd>/<kbd>k</kbd> move
          </span>
          <Filter outcome={outcome} choose={(chosen) => void setOutcome(chosen)} />
          <button
            type="button"
            aria-pressed={held !== null}
            onClick={() => setHeld(held ? null : coming)}
            className={`inline-flex items-center gap-1 rounded px-1.5 py-0.5 hover:bg-sunk ${held ? "bg-warn-soft text-warn" : "text-soft"}`}
          >
            {held ? <Play aria-hidden className="size-3" /> : <Pause aria-hidden className="size-3" />}
            {held ? `${fresh} new, go on` : "Pause"}
          </button>
        </>
      }
    >
      <div role="log" aria-label="Decisions, the newest first" aria-live={held ? "off" : "polite"} tabIndex={0} className="max-h-96 min-h-0 flex-1 overflow-y-auto lg:max-h-none">
        <Rows decisions={shown} search={search} list={list} />
      </div>
    </Panel>
  );
}

/** Those in sight come first: the others when the page has time. */
function Rows({ decisions, search, list }: { decisions: Decision[]; search: string; list: RefObject<HTMLUListElement | null> }) {
  const ready = useDeferredValue(decisions, decisions.slice(0, IN_SIGHT));
  return (
    <ul ref={list} className="divide-y divide-line">
      {ready.map((decision) => (
        <Row key={decision.decision_id} decision={decision} search={search} />
      ))}
    </ul>
  );
}

function Filter({ outcome, choose }: { outcome: string | null; choose: (outcome: string | null) => void }) {
  return (
    <select aria-label="Outcome" value={outcome ?? ""} onChange={(event) => choose(event.target.value || null)} className="rounded border border-line bg-raised px-1 py-0.5 text-soft">
      <option value="">all outcomes</option>
      {FILTERS.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function sinceThen(coming: Decision[], newest: Decision | undefined, outcome: string | null): number {
  const place = coming.findIndex((one) => one.decision_id === newest?.decision_id);
  return coming.slice(0, place < 0 ? coming.length : place).filter((one) => !outcome || one.outcome === outcome).length;
}

const Row = memo(function Row({ decision, search }: { decision: Decision; search: string }) {
  const won = winners(decision);
  const lost = losses(decision);
  const cut = cuts(decision);
  return (
    <li className="grid grid-cols-[auto_auto_1fr] items-baseline gap-x-2 px-3 py-0.5 text-xs hover:bg-sunk has-[:focus-visible]:bg-accent-soft sm:grid-cols-[auto_5rem_5rem_minmax(8rem,12rem)_minmax(0,1fr)]">
      <Moment at={decision.at} />
      <span>
        <Outcome outcome={decision.outcome} />
      </span>
      <Link
        prefetch={false}
        href={kept("/decision/", search, { id: decision.decision_id })}
        className="truncate font-medium underline-offset-2 hover:underline"
        title={`Open the decision on ${short(decision.instrument, 100) || "all instruments"}`}
      >
        {short(decision.instrument, 16) || "all"}
      </Link>
      {decision.orders.length > 0 && (
        <span className="number col-span-3 min-w-0 truncate sm:col-span-1">
          <Orders orders={decision.orders} />
        </span>
      )}
      <span className={`col-span-3 min-w-0 truncate text-soft ${decision.orders.length ? "sm:col-span-1" : "sm:col-span-2"}`} title={short([...cut, ...lost].join("; "), 600)}>
        {won.length > 0 && <span className="text-good">{short(won.join(", "), 40)} won</span>}
        {cut.length > 0 && <span className="text-warn">, {short(cut.join("; "), 80)}</span>}
        {won.length > 0 && lost.length > 0 && " · "}
        {short(lost.slice(0, 4).join("; "), 200)}
        {!decision.proposals.length && !decision.partial && "nothing was proposed"}
        {decision.partial && !won.length && !lost.length && "the round began before this page was opened"}
      </span>
    </li>
  );
});

function Orders({ orders }: { orders: Decision["orders"] }) {
  const [first, ...others] = orders;
  if (!first) return null;
  const look = ORDER_STATES[first.state]?.look ?? "quiet";
  return (
    <span className={look === "bad" ? "text-bad" : ""} title={short(orders.map((order) => `${order.instrument} ${orderWords(order)}`).join("; "), 600)}>
      {orderWords(first)}
      {others.length > 0 && ` and ${others.length} more`}
    </span>
  );
}

/** j and k go through the links of the list; Enter on one opens it, as on any link. */
function useKeys(list: RefObject<HTMLUListElement | null>) {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if ((event.key !== "j" && event.key !== "k") || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const links = [...(list.current?.querySelectorAll("a") ?? [])];
      const place = links.findIndex((link) => link === document.activeElement);
      const next = links[Math.max(0, Math.min(links.length - 1, place + (event.key === "j" ? 1 : -1)))];
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [list]);
}

const typing = (target: EventTarget | null): boolean => target instanceof Element && target.closest("input, textarea, select, dialog, [contenteditable]") !== null;
