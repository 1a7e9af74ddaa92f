"use client";
// The frame of every page: where one is, how things stand, and the ways to elsewhere.

import { Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { Suspense, useEffect, useState, type ReactNode } from "react";
import { kept, useBook } from "@/lib/address";
import { useMe } from "@/lib/me";
import { useNow } from "./now";
import { Keys } from "./keys";
import { Past, ToThePast } from "./past";
import { PLACES } from "./places";
import { Session } from "./session";
import { Banners, ConnectionBadge, ModeBadge, SourceBadge } from "./state";

export function Shell({ children }: { children: ReactNode }) {
  return (
    <Suspense fallback={<Beginning />}>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-2">
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-panel">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5">
          <Link href="/" prefetch={false} className="font-semibold">
            Governed market
          </Link>
          <ModeBadge />
          <SourceBadge />
          <ConnectionBadge />
          <span className="ml-auto flex items-center gap-3 text-sm">
            <Clock />
            <Keys />
            <ToThePast />
            <BookChoice />
            <ThemeSwitch />
            {/* eslint-disable-next-line @next/next/no-html-link-for-pages -- the operations site is another application */}
            <a href="/" className="text-accent underline-offset-2 hover:underline">
              Operate
            </a>
          </span>
        </div>
        <Navigation />
      </header>
      <Session />
      <Past />
      <Banners />
      <main id="main" className="p-3">
        {children}
      </main>
    </Suspense>
  );
}

/** What the page is before its scripts run: the frame, so that it does not begin blank. */
function Beginning() {
  return (
    <>
      <div className="border-b border-line bg-panel">
        <p className="px-4 py-1.5 font-semibold">Governed market</p>
        <p className="flex gap-1 overflow-hidden px-3 text-sm text-soft">
          {PLACES.map(({ path, title }) => (
            <span key={path} className="border-b-2 border-transparent px-2 py-1">
              {title}
            </span>
          ))}
        </p>
      </div>
      <p className="p-4 text-sm text-faint">Loading…</p>
    </>
  );
}

function Navigation() {
  const here = usePathname();
  const search = useSearchParams();
  return (
    <nav aria-label="Pages" className="flex gap-1 overflow-x-auto px-3 text-sm">
      {PLACES.map(({ path, title }) => {
        const current = here === path || (path !== "/" && here.startsWith(path));
        return (
          <Link
            key={path}
            href={kept(path, search.toString())}
            prefetch={false}
            aria-current={current ? "page" : undefined}
            className={`border-b-2 px-2 py-1 ${current ? "border-accent text-ink" : "border-transparent text-soft hover:text-ink"}`}
          >
            {title}
          </Link>
        );
      })}
    </nav>
  );
}

function Clock() {
  const now = useNow();
  return (
    <time title="Coordinated universal time" className="number text-faint">
      {now ? `${new Date(now).toISOString().slice(11, 19)} UTC` : ""}
    </time>
  );
}

function BookChoice() {
  const { data: me } = useMe();
  const [book, setBook] = useBook();
  if (!me || me.books.length < 2) return null;
  return (
    <select
      aria-label="Book"
      value={book || me.books[0]}
      onChange={(event) => setBook(event.target.value)}
      className="max-w-40 rounded border border-line bg-raised px-1 py-0.5"
    >
      {me.books.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function ThemeSwitch() {
  const { resolvedTheme, setTheme } = useTheme();
  const [alive, setAlive] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setAlive(true)); // the server's page knows no theme
    return () => cancelAnimationFrame(frame);
  }, []);
  const dark = alive && resolvedTheme === "dark";
  return (
    <button type="button" aria-label="Switch between dark and light" onClick={() => setTheme(dark ? "light" : "dark")}>
      {dark ? <Sun aria-hidden className="size-4" /> : <Moon aria-hidden className="size-4" />}
    </button>
  );
}
