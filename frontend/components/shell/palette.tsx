"use client";
// ⌘K: every page, book, instrument, agent, recent decision and switch by its name.

import { Command } from "cmdk";
import { useTheme } from "next-themes";
import { useRouter, useSearchParams } from "next/navigation";
import { useCallback, type ReactNode } from "react";
import { kept, useBook, useInstrument, useMoment } from "@/lib/address";
import { clock, short } from "@/lib/format";
import { useView } from "@/lib/live/view";
import { useMe } from "@/lib/me";
import { aMinuteAgo } from "./past";
import { PLACES } from "./places";

export default function Palette({ onDone }: { onDone: () => void }) {
  const router = useRouter();
  const search = useSearchParams().toString();
  const go = useCallback(
    (path: string, more: Record<string, string> = {}) => {
      onDone();
      router.push(kept(path, search, more));
    },
    [onDone, router, search],
  );
  return (
    <Command label="Go to" className="flex max-h-[70dvh] flex-col" loop>
      <Command.Input autoFocus placeholder="A page, an agent, an instrument, a decision…" className="border-b border-line bg-transparent px-3 py-2 outline-none" />
      <Command.List className="overflow-y-auto p-1 text-sm">
        <Command.Empty className="px-3 py-4 text-faint">Nothing here has that name.</Command.Empty>
        <Group title="Pages">
          {PLACES.map(({ path, title }) => (
            <Item key={path} value={`page ${title}`} onSelect={() => go(path)}>
              {title}
            </Item>
          ))}
        </Group>
        <Subjects go={go} />
        <Switches onDone={onDone} />
      </Command.List>
    </Command>
  );
}

type Go = (path: string, more?: Record<string, string>) => void;

function Subjects({ go }: { go: Go }) {
  const book = useView((view) => view.book);
  const decisions = useView((view) => view.decisions);
  return (
    <>
      <Group title="Agents">
        {book?.seats.map(({ agent, role }) => (
          <Item key={agent} value={`agent ${agent}`} onSelect={() => go("/agents/", { agent })}>
            {short(agent, 60)} <span className="text-faint">{role}</span>
          </Item>
        ))}
      </Group>
      <Group title="Instruments">
        {book?.symbols.map((symbol) => (
          <Item key={symbol} value={`instrument ${symbol}`} onSelect={() => go("/", { instrument: symbol })}>
            {symbol}
          </Item>
        ))}
      </Group>
      <Group title="Decisions">
        {decisions.slice(0, 15).map((decision) => (
          <Item
            key={decision.decision_id}
            value={`decision ${decision.instrument} ${decision.outcome} ${clock(decision.at)} ${decision.decision_id}`}
            onSelect={() => go("/decision/", { id: decision.decision_id })}
          >
            <span className="number">{clock(decision.at)}</span> {decision.instrument} {decision.outcome}
          </Item>
        ))}
      </Group>
    </>
  );
}

function Switches({ onDone }: { onDone: () => void }) {
  const { data: me } = useMe();
  const { resolvedTheme, setTheme } = useTheme();
  const [, setBook] = useBook();
  const [, setInstrument] = useInstrument();
  const [moment, setMoment] = useMoment();
  const chosen = (act: () => unknown) => () => {
    onDone();
    void act();
  };
  return (
    <Group title="Switches">
      <Item value="theme dark light" onSelect={chosen(() => setTheme(resolvedTheme === "dark" ? "light" : "dark"))}>
        {resolvedTheme === "dark" ? "Light" : "Dark"} theme
      </Item>
      {me?.explores && !moment && (
        <Item value="time travel past" onSelect={chosen(() => setMoment(aMinuteAgo(), { history: "push" }))}>
          Time travel: a minute ago
        </Item>
      )}
      {moment && (
        <Item value="now present live" onSelect={chosen(() => setMoment(null, { history: "push" }))}>
          Back to the present
        </Item>
      )}
      {(me?.books.length ?? 0) > 1 &&
        me?.books.map((book) => (
          <Item
            key={book}
            value={`book ${book}`}
            onSelect={chosen(() => {
              void setInstrument(null);
              return setBook(book, { history: "push" });
            })}
          >
            Book {short(book, 60)}
          </Item>
        ))}
      <Item value="operations site operate halt admin" onSelect={chosen(() => window.location.assign(`${window.location.origin}/`))}>
        The operations site: halt, approve, change
      </Item>
    </Group>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Command.Group heading={title} className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint">
      {children}
    </Command.Group>
  );
}

function Item({ value, onSelect, children }: { value: string; onSelect: () => void; children: ReactNode }) {
  return (
    <Command.Item value={value} onSelect={onSelect} className="cursor-pointer truncate rounded px-2 py-1 data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent">
      {children}
    </Command.Item>
  );
}
