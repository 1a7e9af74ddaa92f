"use client";
// Rounds that are open now: who proposes, and how much mass has voted; never how, that is sealed until the close.

import { Lock } from "lucide-react";
import { percent, short } from "@/lib/format";
import { hurdlesOf } from "@/lib/live/rounds";
import type { Round } from "@/lib/live/protocol";
import { useView } from "@/lib/live/view";
import { useTerms } from "./terms";

const SHOWN = 3;

export function OpenRounds() {
  const rounds = useView((view) => view.rounds);
  const terms = useTerms();
  const open: Round[] = [];
  let many = 0;
  for (const round of rounds) {
    if (round.outcome) continue;
    many += 1;
    if (open.length < SHOWN) open.push(round);
  }
  return (
    <div className="border-b border-line px-3 py-1 text-xs">
      <p className="flex items-center gap-1 text-faint">
        <Lock aria-hidden className="size-3" />
        {many ? `${many} ${many === 1 ? "round is" : "rounds are"} open; the ballots are sealed` : "No round is open: most last a fortieth of a second"}
      </p>
      {many > 0 && (
        <ul>
          {open.map((round) => (
            <Open key={round.deliberation_id} round={round} quorum={hurdlesOf(round.track, terms)?.quorum ?? null} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Open({ round, quorum }: { round: Round; quorum: number | null }) {
  const first = round.proposals[0];
  const voted = Math.max(0, ...round.proposals.slice(0, 50).map((one) => one.voted_ppm));
  const share = round.total_ppm > 0 ? Math.min(100, (100 * voted) / round.total_ppm) : 0;
  return (
    <li className="flex items-center gap-2">
      <span className="min-w-0 flex-1 truncate" title={short(first?.author ?? "", 200)}>
        {short(round.instrument || "all", 20)}: {short(first?.author ?? "nobody yet", 24)}
        {round.proposals.length > 1 ? ` and ${round.proposals.length - 1} more` : ""}
      </span>
      <span aria-hidden className="relative h-2 w-32 shrink-0 overflow-hidden rounded bg-sunk">
        <span style={{ width: `${share}%` }} className="block h-full bg-accent transition-[width]" />
        {quorum !== null && <span style={{ left: `${quorum * 100}%` }} className="absolute inset-y-0 w-px bg-ink" />}
      </span>
      <span className="number w-24 shrink-0 text-right text-faint">{percent(share * 10_000)} voted</span>
    </li>
  );
}
