// Ballots as weight on a scale: from the left what is for it, from the right what is against, with what it takes to pass.

import { Check, X } from "lucide-react";
import type { Ballot, Tally } from "@/lib/decision";
import { marksOf, sided } from "@/lib/decision-terms";
import { percent, short } from "@/lib/format";
import type { Hurdles } from "@/lib/live/rounds";

export function BallotScale({ ballots, tally, hurdles }: { ballots: Ballot[]; tally: Tally; hurdles: Hurdles | null }) {
  const cast = sided(ballots).filter(({ weight }) => weight > 0);
  const marks = marksOf(tally, hurdles);
  const share = (mass: number) => percent(tally.total ? (mass / tally.total) * 1_000_000 : 0);
  const needs = marks ? `; quorum ${(100 * marks.quorum).toFixed(0)} % of all mass, majority above ${(100 * marks.threshold).toFixed(1)} %` : "";
  return (
    <figure className="my-1.5">
      <div
        role="img"
        aria-label={`For ${share(tally.yes)}, against ${share(tally.no)} of all mass${needs}`}
        className="relative flex h-7 overflow-hidden rounded border border-line bg-sunk"
      >
        {cast.filter(({ stance }) => stance === "approve").map((ballot) => (
          <Weight key={ballot.agent} ballot={ballot} total={tally.total} />
        ))}
        <span className="min-w-0 flex-1" />
        {cast.filter(({ stance }) => stance === "reject").map((ballot) => (
          <Weight key={ballot.agent} ballot={ballot} total={tally.total} />
        ))}
        {marks && <Mark at={marks.quorum} look="border-ink" />}
        {marks && <Mark at={marks.threshold} look="border-accent border-dashed" />}
      </div>
      <figcaption className="number mt-0.5 flex flex-wrap justify-between gap-x-3 text-2xs">
        <span className="text-good">for {share(tally.yes)}</span>
        {marks && (
          <span className="flex flex-wrap gap-x-3 text-soft">
            <span>
              <span aria-hidden className="mr-1 inline-block h-2.5 border-l-2 border-ink" />
              quorum {(100 * marks.quorum).toFixed(0)} %
            </span>
            <span>
              <span aria-hidden className="mr-1 inline-block h-2.5 border-l-2 border-dashed border-accent" />
              majority of the votes {(100 * marks.threshold).toFixed(1)} %
            </span>
          </span>
        )}
        <span className="text-bad">against {share(tally.no)}</span>
      </figcaption>
    </figure>
  );
}

function Weight({ ballot, total }: { ballot: Ballot; total: number }) {
  const yes = ballot.stance === "approve";
  const Icon = yes ? Check : X;
  const forecast = ballot.probability === null ? "" : `, forecast ${ballot.probability.toFixed(3)}`;
  return (
    <span
      title={`${short(ballot.agent, 100)}: ${yes ? "for" : "against"}, ${percent(ballot.weight, 2)}${forecast}`}
      style={{ width: `${(100 * ballot.weight) / total}%` }}
      className={`flex min-w-0 items-center gap-0.5 overflow-hidden border-x border-panel px-1 text-2xs ${yes ? "bg-good-soft text-good" : "bg-bad-soft text-bad"}`}
    >
      <Icon aria-hidden className="size-3 shrink-0" />
      <span className="truncate">{short(ballot.agent, 20)}</span>
    </span>
  );
}

const Mark = ({ at, look }: { at: number; look: string }) => (
  <span aria-hidden style={{ left: `${Math.min(100, at * 100)}%` }} className={`absolute inset-y-0 border-l-2 ${look}`} />
);
