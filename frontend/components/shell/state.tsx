"use client";
// What everybody has to know on every page: is it live, from where prices come, may be traded.

import { CircleCheck, FlaskConical, History, OctagonX, Radio, Rewind, TrendingDown, Unplug } from "lucide-react";
import { Badge, type Look } from "@/components/badge";
import { age } from "@/lib/format";
import type { Connection } from "@/lib/live/socket";
import { useView } from "@/lib/live/view";
import words from "@/lib/words";
import { useNow } from "./now";

const MODES = {
  NORMAL: { look: "good", icon: CircleCheck },
  REDUCE_ONLY: { look: "warn", icon: TrendingDown },
  HALTED: { look: "bad", icon: OctagonX },
} as const;
const SOURCES = {
  live: { look: "good", icon: Radio },
  replay: { look: "warn", icon: Rewind },
  synthetic: { look: "veto", icon: FlaskConical },
} as const;

export function ModeBadge() {
  const mode = useView((view) => view.status?.mode);
  if (!mode) return null;
  const { look, icon } = MODES[mode.mode];
  return (
    <Badge look={look} icon={icon} title={mode.words}>
      {mode.title}
    </Badge>
  );
}

export function SourceBadge() {
  const source = useView((view) => view.status?.source ?? view.book?.source ?? "");
  const known = SOURCES[source as keyof typeof SOURCES];
  if (!known) return null;
  return (
    <Badge look={known.look} icon={known.icon} title={words.sources[source]}>
      {source} prices
    </Badge>
  );
}

export function ConnectionBadge() {
  const connection = useView((view) => view.connection);
  const lastFrameAt = useView((view) => view.lastFrameAt);
  const lastEventAt = useView((view) => view.lastEventAt);
  const now = useNow();
  if (connection.state === "past") {
    return (
      <Badge look="accent" icon={History}>
        the past
      </Badge>
    );
  }
  const quiet = lastFrameAt ? age(now - lastFrameAt) : null;
  const told: Record<typeof connection.state, [Look, string]> = {
    connecting: ["warn", "connecting…"],
    live: ["good", lastEventAt ? `live, event ${age(now - lastEventAt)} ago` : "live, no event yet"],
    silent: ["bad", `silent for ${quiet}`],
    lost: ["bad", quiet ? `connection lost, last word ${quiet} ago` : "no connection"],
    "logged-out": ["bad", "logged out"],
    refused: ["bad", "not live"],
  };
  const [look, text] = told[connection.state];
  return (
    <Badge look={look} icon={look === "bad" ? Unplug : Radio} title={"reason" in connection ? connection.reason : undefined}>
      {text}
    </Badge>
  );
}

/** Halts, reductions, suspensions and troubles of the feed, in words. */
export function Banners() {
  const status = useView((view) => view.status);
  if (!status) return null;
  const mode = status.mode;
  const said = [
    ...(mode?.text ? [{ key: "mode", look: mode.mode === "HALTED" ? "bad" : "warn", text: mode.text }] : []),
    ...(status.banners ?? []),
    ...status.notices,
  ];
  return (
    <div>
      {said.map(({ key, look, text }) => (
        <p
          key={key}
          role={look === "bad" ? "alert" : "status"}
          className={`break-words border-b border-line px-4 py-1 text-xs ${look === "bad" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn"}`}
        >
          {text}
        </p>
      ))}
    </div>
  );
}

/** How well a live panel is reached, as its props: the age of what it shows, or why it has nothing to show yet. */
export function useReach(): { staleFor: number | null; error: string | null } {
  const connection = useView((view) => view.connection);
  const loaded = useView((view) => view.loaded);
  const lastFrameAt = useView((view) => view.lastFrameAt);
  const now = useNow();
  const stale = loaded && connection.state !== "live" && connection.state !== "past" && lastFrameAt;
  return {
    staleFor: stale ? Math.max(1, now - lastFrameAt) : null,
    error: loaded ? null : unreached(connection),
  };
}

function unreached(connection: Connection): string | null {
  if (connection.state === "lost") return `No connection: ${connection.reason}. It is tried again by itself.`;
  return "reason" in connection ? connection.reason : null;
}
