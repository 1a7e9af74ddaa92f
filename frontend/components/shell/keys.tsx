"use client";
// The keyboard: ⌘K or / for the palette, ? for help, numbers for pages, t for the theme.

import { CircleHelp, Search } from "lucide-react";
import { useTheme } from "next-themes";
import dynamic from "next/dynamic";
import { useRouter, useSearchParams } from "next/navigation";
import { useCallback, useEffect, useRef, useState, type ReactNode } from "react";
import { kept } from "@/lib/address";
import { PLACES } from "./places";

const Palette = dynamic(() => import("./palette"), { ssr: false });

const KEYS: [string, string][] = [
  ["⌘K or /", "go to anything by its name"],
  ["1 – 6", "the pages, from the left"],
  ["j, k", "next and previous decision in a list"],
  ["Enter", "open it"],
  ["p", "pause or go on with live lists"],
  ["t", "dark or light"],
  ["?", "this help"],
  ["Esc", "close a window"],
];

export function Keys() {
  const router = useRouter();
  const search = useSearchParams().toString();
  const { resolvedTheme, setTheme } = useTheme();
  const [shown, setShown] = useState<"palette" | "help" | null>(null);
  const close = useCallback(() => setShown(null), []);

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        setShown("palette");
        return;
      }
      const typing = event.target instanceof Element && event.target.closest("input, textarea, select, dialog, [contenteditable]");
      if (typing || event.metaKey || event.ctrlKey || event.altKey) return;
      const place = PLACES.find(({ key }) => key === event.key);
      if (place) router.push(kept(place.path, search));
      else if (event.key === "/") setShown("palette");
      else if (event.key === "?") setShown("help");
      else if (event.key === "t") setTheme(resolvedTheme === "dark" ? "light" : "dark");
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [router, search, resolvedTheme, setTheme]);

  return (
    <>
      <button type="button" aria-label="Go to anything (⌘K)" title="Go to anything (⌘K)" onClick={() => setShown("palette")}>
        <Search aria-hidden className="size-4" />
      </button>
      <button type="button" aria-label="Keyboard help (?)" title="Keyboard help (?)" onClick={() => setShown("help")}>
        <CircleHelp aria-hidden className="size-4" />
      </button>
      {shown && (
        <Window label={shown === "help" ? "Keys" : "Go to anything"} onClose={close}>
          {shown === "palette" ? <Palette onDone={close} /> : <Help onClose={close} />}
        </Window>
      )}
    </>
  );
}

function Window({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className="m-auto mt-[10dvh] w-[min(36rem,92vw)] rounded-lg border border-line-strong bg-raised p-0 text-ink backdrop:bg-black/50"
    >
      {children}
    </dialog>
  );
}

function Help({ onClose }: { onClose: () => void }) {
  return (
    <div className="p-4 text-sm">
      <h2 className="mb-2 font-semibold">Keys</h2>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {KEYS.map(([key, what]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-sunk px-1.5 font-mono text-xs">{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" autoFocus onClick={onClose} className="mt-3 rounded border border-line px-3 py-1">
        Close
      </button>
    </div>
  );
}
