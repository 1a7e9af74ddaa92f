"use client";
// The council: whose word weighs how much, who may veto, and how each voted in the round on the stage.

import { Check, Minus, ShieldX, X } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useMemo } from "react";
import { Badge, WON } from "@/components/badge";
import { Panel } from "@/components/panel";
import { useReach } from "@/components/shell/state";
import { kept } from "@/lib/address";
import { percent, short } from "@/lib/format";
import { trialOf, type Trial, type Vote } from "@/lib/live/rounds";
import type { Seat } from "@/lib/live/protocol";
import { useView } from "@/lib/live/view";
import { useStage, useStory } from "./stage-state";

const NO_SEATS: Seat[] = [];
const SHOWN = 60;

export function CouncilPanel({ className }: { className?: string }) {
  const seats = useView((view) => view.book?.seats ?? NO_SEATS);
  const loaded = useView((view) => view.loaded);
  const reach = useReach();
  const search = useSearchParams().toString();
  const { data: story } = useStory(useStage((stage) => stage.shown));
  const votes = useMemo(() => (story ? votesIn(trialOf(story)) : new Map<string, Vote>()), [story]);
  const heaviest = Math.max(1, ...seats.map((seat) => seat.weight_ppm));
  return (
    <Panel
      title="Council"
      loading={!loaded}
      {...reach}
      empty={!seats.length && "Nobody sits in this book's council."}
      className={className}
      aside={<span title="how each seat voted in the round on the stage: on the proposal that won, else on the first">vote in the round shown</span>}
    >
      <ul tabIndex={0} aria-label="Seats by weight" className="h-full max-h-96 divide-y divide-line overflow-y-auto lg:max-h-none">
        {seats.slice(0, SHOWN).map((seat) => (
          <SeatRow key={seat.agent} seat={seat} heaviest={heaviest} vote={votes.get(seat.agent)} href={kept("/agents/", search, { agent: seat.agent })} />
        ))}
        {seats.length > SHOWN && <li className="px-3 py-1 text-xs text-faint">and {seats.length - SHOWN} more seats</li>}
      </ul>
    </Panel>
  );
}

/** Of each seat on the proposal that won, else on the first that was voted on. */
function votesIn({ proposals }: Trial): Map<string, Vote> {
  const voted = proposals.filter((one) => one.votes.length > 0);
  const told = voted.find((one) => WON.has(one.state)) ?? voted[0];
  return new Map(told?.votes.map((vote) => [vote.agent, vote]));
}

function SeatRow({ seat, heaviest, vote, href }: { seat: Seat; heaviest: number; vote: Vote | undefined; href: string }) {
  const guard = seat.weight_ppm === 0 && seat.veto;
  const seated = seat.status === "seated";
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 px-3 py-1 text-xs">
      <span className="flex min-w-0 items-center gap-1.5">
        <Link prefetch={false} href={href} title={`${short(seat.agent, 200)}, ${short(seat.role, 60)}, owned by ${short(seat.owner, 60)}`} className="truncate font-medium underline-offset-2 hover:underline">
          {short(seat.agent, 28)}
        </Link>
        {seat.veto && <Badge look="veto">{seat.required ? "veto, required" : "veto"}</Badge>}
        {!seated && <Badge look="bad">{short(seat.status, 20)}</Badge>}
      </span>
      <Voted vote={vote} />
      {!guard && (
        <span className="col-span-2 flex items-center gap-2">
          <span aria-hidden className="h-1.5 flex-1 overflow-hidden rounded bg-sunk">
            <span
              style={{ width: `${(100 * seat.weight_ppm) / heaviest}%` }}
              className={`block h-full rounded transition-[width] duration-700 ${seated ? "bg-accent" : "bg-quiet"}`}
            />
          </span>
          <span className="number w-14 text-right text-faint">{percent(seat.weight_ppm, 2)}</span>
        </span>
      )}
    </li>
  );
}

function Voted({ vote }: { vote: Vote | undefined }) {
  if (!vote) return <span className="text-faint">–</span>;
  const forecast = vote.probability === null ? "" : ` ${vote.probability.toFixed(2)}`;
  const [look, icon, told] = vote.veto
    ? (["veto", ShieldX, "vetoed"] as const)
    : vote.stance === "approve"
      ? (["good", Check, `for${forecast}`] as const)
      : vote.stance === "reject"
        ? (["bad", X, `against${forecast}`] as const)
        : (["quiet", Minus, vote.stance === "late" ? "too late" : vote.limit !== null ? "limited" : "abstained"] as const);
  return (
    <Badge look={look} icon={icon} title={short(vote.reason, 300)}>
      {told}
    </Badge>
  );
}
