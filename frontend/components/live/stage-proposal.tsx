"use client";
// One proposal on the stage: its ballots as weight on a scale, what it took to pass, and what arbitration made of it.

import { Check, Minus, ShieldX, X } from "lucide-react";
import { Badge, WON } from "@/components/badge";
import { percent, quantity, short } from "@/lib/format";
import { checksOf, hurdlesOf, wish, type Hurdles, type Scene, type Trial, type Tried, type Vote } from "@/lib/live/rounds";
import { because, reasonWords } from "@/lib/words";

interface OnStage {
  tried: Tried;
  trial: Trial;
  scene: Scene;
  laid: number;
  terms: Record<string, unknown> | undefined;
}

export function ProposalOnStage({ tried, trial, scene, laid, terms }: OnStage) {
  const hurdles = hurdlesOf(trial.track, terms);
  const counted = scene === "arbitration" || scene === "verdict";
  const amended = trial.proposals.find((one) => one.id === tried.amends);
  return (
    <li className="min-w-0">
      <p className="text-sm break-words" title={short(tried.why, 500)}>
        <b title={tried.author}>{short(tried.author || "An agent", 28)}</b> proposes to {wish(tried)}
        {tried.amends && <span className="text-faint">, instead of what {short(amended?.author ?? "another", 24)} proposed</span>}
        {tried.why && <span className="text-faint"> · {short(tried.why, 60)}</span>}
      </p>
      {tried.tallied && trial.total > 0 ? (
        <>
          <Scale {...{ tried, hurdles, laid, counted }} total={trial.total} />
          <Guards votes={tried.votes.slice(0, laid)} />
          {counted && hurdles && <Checks tried={tried} total={trial.total} hurdles={hurdles} />}
        </>
      ) : (
        <p className="mt-1 text-xs text-faint">{tried.state ? "There was no vote on it." : "Sealed: nobody sees a ballot before the close."}</p>
      )}
      {counted && <Arbitrated tried={tried} trial={trial} />}
    </li>
  );
}

function Scale({ tried, total, hurdles, laid, counted }: { tried: Tried; total: number; hurdles: Hurdles | null; laid: number; counted: boolean }) {
  const votes = tried.votes.slice(0, laid).filter((vote) => vote.weight > 0 && vote.stance !== "late");
  const of = (stance: Vote["stance"]) => votes.filter((vote) => vote.stance === stance);
  const known = tried.votes.length > 0;
  const [yes, no] = known || !counted ? [massOf(of("approve")), massOf(of("reject"))] : [tried.yes, tried.no];
  return (
    <div className="mt-1">
      <div
        role="img"
        aria-label={`For ${percent(yes, 1)}, against ${percent(no, 1)} of the council's mass`}
        className="relative flex h-6 overflow-hidden rounded border border-line bg-sunk"
      >
        {known ? of("approve").map((vote) => <Weight key={vote.agent} vote={vote} total={total} />) : <Mass ppm={yes} total={total} look="good" />}
        <span className="flex min-w-0 flex-1 items-center justify-center truncate text-2xs text-faint">
          {laid || counted ? (of("abstain").length ? `${of("abstain").length} abstained` : "") : "sealed"}
        </span>
        {known ? of("reject").map((vote) => <Weight key={vote.agent} vote={vote} total={total} />) : <Mass ppm={no} total={total} look="bad" />}
        {hurdles && <Mark at={hurdles.quorum} look="bg-ink" />}
        {hurdles && yes + no > 0 && <Mark at={(hurdles.threshold * (yes + no)) / total} look="bg-warn" />}
      </div>
      <p className="number mt-0.5 flex justify-between text-2xs">
        <span className="text-good">for {percent((yes / total) * 1_000_000)}</span>
        {hurdles && (
          <span className="text-faint">
            <b className="text-ink">|</b> quorum {Math.round(hurdles.quorum * 100)} % of all · <b className="text-warn">|</b> {Math.round(hurdles.threshold * 100)} % of those who took sides
          </span>
        )}
        <span className="text-bad">against {percent((no / total) * 1_000_000)}</span>
      </p>
    </div>
  );
}

const massOf = (votes: Vote[]) => votes.reduce((sum, vote) => sum + vote.weight, 0);

function Weight({ vote, total }: { vote: Vote; total: number }) {
  const yes = vote.stance === "approve";
  const told = vote.probability === null ? "" : `, forecast ${vote.probability.toFixed(3)}`;
  return (
    <span
      title={`${short(vote.agent, 60)}: ${yes ? "for" : "against"}, ${percent(vote.weight)}${told}`}
      style={{ width: `${(100 * vote.weight) / total}%` }}
      className={`flex items-center gap-0.5 overflow-hidden border-x border-panel px-1 text-2xs transition duration-300 starting:-translate-y-full starting:opacity-0 ${yes ? "bg-good-soft text-good" : "bg-bad-soft text-bad"}`}
    >
      {yes ? <Check aria-hidden className="size-3 shrink-0" /> : <X aria-hidden className="size-3 shrink-0" />}
      <span className="truncate">{short(vote.agent, 20)}</span>
    </span>
  );
}

function Mass({ ppm, total, look }: { ppm: number; total: number; look: "good" | "bad" }) {
  return <span style={{ width: `${(100 * ppm) / total}%` }} className={`transition-[width] duration-300 ${look === "good" ? "bg-good-soft" : "bg-bad-soft"}`} />;
}

function Mark({ at, look }: { at: number; look: string }) {
  return <span aria-hidden style={{ left: `${at * 100}%` }} className={`absolute inset-y-0 w-0.5 transition-[left] duration-200 ${look}`} />;
}

/** Seats without mass: they may veto, or limit the size. */
function Guards({ votes }: { votes: Vote[] }) {
  const told = votes.filter((vote) => vote.veto || vote.limit !== null || (vote.weight === 0 && vote.reason));
  if (!told.length) return null;
  return (
    <p className="mt-0.5 flex flex-wrap gap-1">
      {told.map((vote) => (
        <Badge key={vote.agent} look={vote.veto ? "veto" : vote.limit !== null ? "warn" : "quiet"} icon={vote.veto ? ShieldX : undefined} title={short(vote.reason, 300)}>
          {short(vote.agent, 20)}: {vote.veto ? "veto" : vote.limit !== null ? `at most ${quantity(vote.limit)}` : short(vote.reason, 40)}
        </Badge>
      ))}
    </p>
  );
}

function Checks({ tried, total, hurdles }: { tried: Tried; total: number; hurdles: Hurdles }) {
  return (
    <ul className="mt-0.5 text-2xs">
      {checksOf(tried, total, hurdles).map(({ passed, text }) => (
        <li key={text} className={`number flex items-start gap-1 ${passed ? "text-soft" : "text-bad"}`}>
          {passed ? <Check aria-label="met:" className="mt-0.5 size-3 shrink-0 text-good" /> : <X aria-label="missed:" className="mt-0.5 size-3 shrink-0" />}
          {text}
        </li>
      ))}
    </ul>
  );
}

function Arbitrated({ tried, trial }: { tried: Tried; trial: Trial }) {
  const won = WON.has(tried.state);
  const rival = (id: string) => trial.proposals.find((one) => one.id === id)?.author;
  const why = tried.reason || tried.by ? because(tried, rival) : "";
  const Icon = won ? Check : Minus;
  return (
    <p className={`mt-0.5 flex items-start gap-1 text-xs ${won ? "text-good" : "text-soft"}`}>
      <Icon aria-hidden className="mt-0.5 size-3 shrink-0" />
      <span className="min-w-0 break-words">
        {short(tried.author, 28)} {won ? "won" : "lost"}: {why && !won ? why : reasonWords(tried.state)}
        {won && why ? `; ${why}` : ""}
        {tried.detail && <span className="text-faint"> ({short(tried.detail, 120)})</span>}
      </span>
    </p>
  );
}
