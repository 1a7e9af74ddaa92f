"use client";
// Time travel: the address names a moment, every panel shows it, and the market goes on from there at a chosen speed.

import { useQuery } from "@tanstack/react-query";
import { FastForward, History, Pause, Play, Rewind, SkipForward } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useBook, useMoment, useSpeed } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { clock, date } from "@/lib/format";
import { Screen, useView } from "@/lib/live/view";
import { useMe } from "@/lib/me";
import { Player } from "@/lib/past/player";
import { sourceOf } from "@/lib/past/source";
import { useNow } from "./now";

const SPEEDS = [0.5, 1, 2, 5, 10, 60];
const ADDRESS_EVERY_MS = 5_000;

export const aMinuteAgo = () => new Date(Date.now() - 60_000);

export function ToThePast() {
  const { data: me } = useMe();
  const [moment, setMoment] = useMoment();
  if (!me?.explores || moment) return null;
  return (
    <button
      type="button"
      title="Time travel"
      aria-label="Time travel: look at a moment of the past"
      onClick={() => setMoment(aMinuteAgo(), { history: "push" })}
    >
      <History aria-hidden className="size-4" />
    </button>
  );
}

export function Past() {
  const { data: me } = useMe();
  const [chosen] = useBook();
  const [moment] = useMoment();
  const book = chosen || me?.books[0];
  if (!moment || !me || !book) return null;
  if (!me.explores) {
    return (
      <p role="alert" className="border-b border-line bg-warn-soft px-4 py-1 text-xs text-warn">
        Your role may not look at the past: it takes the right to explore the ledger.
      </p>
    );
  }
  return <TimeBar key={book} book={book} moment={moment} />;
}

function TimeBar({ book, moment }: { book: string; moment: Date }) {
  const [, setMoment] = useMoment();
  const [speed, setSpeed] = useSpeed();
  const [fault, setFault] = useState("");
  const { data: account } = useQuery({
    queryKey: ["accounts"],
    queryFn: () => asked(api.GET("/api/v1/accounts", { params: { query: { limit: 1000 } } })),
  });
  const opened = Date.parse(account?.accounts.find((one) => one.book === book)?.opened_at ?? "") || moment.getTime();
  const player = usePlayer(book, moment.getTime(), speed, {
    moved: (at) => setMoment(new Date(at)),
    caughtUp: () => {
      void setSpeed(null);
      void setMoment(null);
    },
    failed: setFault,
  });
  const at = useView((view) => view.moment) ?? moment.getTime();
  const seeking = useView((view) => view.seeking);
  const now = useNow();
  const [dragged, setDragged] = useState<number | null>(null);
  const shown = dragged ?? at;
  const go = (to: number) => {
    setDragged(null);
    setFault("");
    void setMoment(new Date(Math.min(Math.max(to, opened), Date.now() - 1000)), { history: "push" });
  };
  const release = () => dragged !== null && go(dragged);

  return (
    <section aria-label="Time travel" className="sticky top-16 z-20 border-b border-accent bg-accent-soft px-4 py-1.5 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="number font-semibold" role="timer" aria-live="off">
          {date(shown)} {clock(shown, 0)} UTC
        </span>
        <Step label="One minute back" onClick={() => go(at - 60_000)}>
          <Rewind aria-hidden className="size-4" />
        </Step>
        <Step
          label={speed > 0 ? "Pause" : "Play on from here"}
          onClick={() => {
            void setMoment(new Date(player.current?.at ?? at));
            void setSpeed(speed > 0 ? null : 1);
          }}
        >
          {speed > 0 ? <Pause aria-hidden className="size-4" /> : <Play aria-hidden className="size-4" />}
        </Step>
        <Step label="One minute on" onClick={() => go(at + 60_000)}>
          <FastForward aria-hidden className="size-4" />
        </Step>
        <label className="flex items-center gap-1 text-xs">
          Speed
          <select
            value={speed > 0 ? speed : 1}
            disabled={speed <= 0}
            onChange={(event) => setSpeed(Number(event.target.value))}
            className="rounded border border-line bg-raised px-1"
          >
            {[...new Set([...SPEEDS, ...(speed > 0 ? [speed] : [])])].sort((one, other) => one - other).map((value) => (
              <option key={value} value={value}>
                {value} ×
              </option>
            ))}
          </select>
        </label>
        <label className="flex items-center gap-1 text-xs">
          Go to
          <input
            type="datetime-local"
            step={1}
            aria-label="Go to this time (UTC)"
            key={Math.floor(moment.getTime() / 1000)}
            defaultValue={moment.toISOString().slice(0, 19)}
            onKeyDown={(event) => event.key === "Enter" && go(Date.parse(`${event.currentTarget.value}Z`))}
            onBlur={(event) => {
              const to = Date.parse(`${event.currentTarget.value}Z`);
              if (Number.isFinite(to) && Math.abs(to - moment.getTime()) >= 1000) go(to);
            }}
            className="rounded border border-line bg-raised px-1"
          />
        </label>
        <Step
          label="Back to the present"
          onClick={() => {
            void setSpeed(null);
            void setMoment(null, { history: "push" });
          }}
        >
          <SkipForward aria-hidden className="size-4" /> Now
        </Step>
        <span role="status" className="text-xs text-soft">
          {seeking ? "fetching…" : ""}
        </span>
        {fault && (
          <span role="alert" className="text-xs text-bad">
            {fault}
          </span>
        )}
      </div>
      <input
        type="range"
        aria-label="Moment that is shown"
        aria-valuetext={`${date(shown)} ${clock(shown, 0)} UTC`}
        min={opened}
        max={Math.max(now, at, opened + 1000)}
        step={1000}
        value={shown}
        onChange={(event) => setDragged(Number(event.target.value))}
        onPointerUp={release}
        onKeyUp={release}
        onBlur={release}
        className="mt-1 w-full accent-[var(--accent)]"
      />
    </section>
  );
}

function Step({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="inline-flex items-center gap-1 rounded border border-line bg-raised px-1.5 py-0.5 text-xs hover:border-line-strong"
    >
      {children}
    </button>
  );
}

interface Told {
  moved: (at: number) => void;
  caughtUp: () => void;
  failed: (words: string) => void;
}

/** Seeks where the address says, except to the moments that playing itself wrote there. */
function usePlayer(book: string, moment: number, speed: number, told: Told) {
  const player = useRef<Player | null>(null);
  const written = useRef(0);
  const heard = useRef(told);
  useEffect(() => {
    heard.current = told;
  });

  useEffect(() => {
    const screen = new Screen();
    screen.clear();
    screen.tell({ state: "past" });
    let lastWritten = 0;
    const made = new Player(sourceOf(book), {
      deliver: (frame, at) => screen.take(frame, at),
      moved: (at, seeking) => {
        useView.setState({ moment: at, seeking });
        if (seeking || Date.now() - lastWritten < ADDRESS_EVERY_MS) return;
        lastWritten = Date.now();
        written.current = Math.floor(at);
        heard.current.moved(written.current);
      },
      failed: (words) => {
        useView.setState({ seeking: false });
        heard.current.failed(words);
      },
      caughtUp: () => heard.current.caughtUp(),
    });
    player.current = made;
    written.current = 0;
    return () => {
      made.stop();
      player.current = null;
      useView.setState({ moment: null, seeking: false });
    };
  }, [book]);

  useEffect(() => {
    if (!player.current || moment === written.current || Math.floor(player.current.at) === moment) return;
    void player.current.seek(moment);
  }, [book, moment]);

  useEffect(() => {
    player.current?.play(speed);
  }, [book, moment, speed]);
  return player;
}
