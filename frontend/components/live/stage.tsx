"use client";
// The stage: the close of the last telling round, played back; above it the rounds that are still sealed.

import { Pause, Play, RotateCcw, SkipBack, SkipForward, type LucideIcon } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useEffect, useState } from "react";
import { Badge, Outcome } from "@/components/badge";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { useReach } from "@/components/shell/state";
import { kept } from "@/lib/address";
import { short } from "@/lib/format";
import type { Decision } from "@/lib/live/fold";
import { playedTo, PLAYED_MS, trialOf, trialTold, type Scene } from "@/lib/live/rounds";
import { useView } from "@/lib/live/view";
import { orderWords } from "@/lib/live/wording";
import { useMe } from "@/lib/me";
import words from "@/lib/words";
import { OpenRounds } from "./open-rounds";
import { again, moveOn, setPaused, step, useStage, useStory } from "./stage-state";
import { ProposalOnStage } from "./stage-proposal";
import { useTerms } from "./terms";

const LOOK_AGAIN_MS = 500;
const PROPOSALS_SHOWN = 4;

export function StagePanel({ className }: { className?: string }) {
  const shown = useStage((stage) => stage.shown);
  const played = useStage((stage) => stage.played);
  const decision = useView((view) => view.decisions.find((one) => one.decision_id === shown));
  const loaded = useView((view) => view.loaded);
  const reach = useReach();
  useEffect(() => {
    const timer = setInterval(moveOn, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <Panel
      title="The council decides"
      loading={!loaded}
      {...reach}
      className={className}
      bodyClassName="flex flex-col"
      aside={<Controls disabled={!decision} />}
    >
      <OpenRounds />
      {decision ? (
        <OnStage key={`${decision.decision_id} ${played}`} decision={decision} />
      ) : (
        <p role="status" className="px-3 py-4 text-sm text-faint">No round has closed yet. The next one will be played here.</p>
      )}
    </Panel>
  );
}

function Controls({ disabled }: { disabled: boolean }) {
  const paused = useStage((stage) => stage.paused);
  return (
    <>
      <Control icon={SkipBack} label="Earlier round" disabled={disabled} act={() => step(-1)} />
      <Control
        icon={paused ? Play : Pause}
        label={paused ? "Go on with new rounds" : "Hold this round"}
        disabled={disabled}
        act={() => setPaused(!paused)}
      />
      <Control icon={SkipForward} label="Later round" disabled={disabled} act={() => step(1)} />
      <Control icon={RotateCcw} label="Play its close again" disabled={disabled} act={again} />
    </>
  );
}

function Control({ icon: Icon, label, disabled, act }: { icon: LucideIcon; label: string; disabled: boolean; act: () => void }) {
  return (
    <button type="button" aria-label={label} title={label} disabled={disabled} onClick={act} className="rounded p-1 text-soft hover:bg-sunk hover:text-ink disabled:opacity-40">
      <Icon aria-hidden className="size-3.5" />
    </button>
  );
}

function OnStage({ decision }: { decision: Decision }) {
  const { data: me } = useMe();
  const story = useStory(decision.decision_id);
  const terms = useTerms();
  const search = useSearchParams().toString();
  const trial = story.data ? trialOf(story.data) : trialTold(decision);
  const ballots = Math.max(0, ...trial.proposals.map(({ votes }) => votes.length));
  const { scene, laid } = usePlayed(ballots, story.isSuccess || story.isError || me?.explores === false);
  const rest = trial.proposals.length - PROPOSALS_SHOWN;
  return (
    <div tabIndex={0} role="region" aria-label="Round on the stage" className="min-h-0 flex-1 overflow-y-auto px-3 py-2">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <Verdict scene={scene} outcome={decision.outcome} />
        <b title={decision.instrument}>{short(decision.instrument, 24) || "all instruments"}</b>
        <span className="text-faint">
          <Moment at={decision.at} />
        </span>
        <Link prefetch={false} href={kept("/decision/", search, { id: decision.decision_id })} className="ml-auto text-xs text-accent underline-offset-2 hover:underline">
          The whole decision
        </Link>
      </p>
      <ol className="mt-2 space-y-3">
        {trial.proposals.slice(0, PROPOSALS_SHOWN).map((tried) => (
          <ProposalOnStage key={tried.id} {...{ tried, trial, scene, laid, terms }} />
        ))}
      </ol>
      {rest > 0 && <p className="mt-1 text-xs text-faint">and {rest} more proposals</p>}
      {story.isError && <p role="alert" className="mt-2 text-xs text-warn">The ballots could not be read: {short(story.error.message, 200)}</p>}
      {me?.explores === false && <p className="mt-2 text-xs text-faint">Your role may not see single ballots; the masses are shown.</p>}
      {scene === "verdict" && <Upshot decision={decision} />}
    </div>
  );
}

function Verdict({ scene, outcome }: { scene: Scene; outcome: string }) {
  if (scene === "verdict") return <Outcome outcome={outcome} />;
  const told = { sealed: "ballots sealed", ballots: "counting", arbitration: "arbitration" } as const;
  return <Badge look="accent">{told[scene]}</Badge>;
}

function Upshot({ decision }: { decision: Decision }) {
  const orders = decision.orders.slice(0, 3);
  return (
    <p className="mt-2 border-t border-line pt-2 text-sm break-words">
      {orders.length ? orders.map((order) => `${short(order.instrument, 24)} ${orderWords(order)}`).join("; ") : words.outcomes[decision.outcome] ?? decision.outcome}
    </p>
  );
}

/** Plays once it is `ready`, in 1.5 s; at once for those who want no motion. */
function usePlayed(ballots: number, ready: boolean): { scene: Scene; laid: number } {
  const [ms, setMs] = useState(0);
  useEffect(() => {
    if (!ready) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const begun = performance.now();
    let frame = 0;
    const play = () => {
      const passed = still ? PLAYED_MS : performance.now() - begun;
      setMs(Math.floor(passed / 50) * 50); // twenty steps a second: the rest is the transitions'
      if (passed < PLAYED_MS) frame = requestAnimationFrame(play);
    };
    frame = requestAnimationFrame(play);
    return () => cancelAnimationFrame(frame);
  }, [ready]);
  return playedTo(ms, ballots);
}
