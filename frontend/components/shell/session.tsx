"use client";
// Keeps the view fed: with the live socket while the address names no moment, with the past while it does (past.tsx).

import { useEffect } from "react";
import { useBook, useMoment } from "@/lib/address";
import { Problem, queries } from "@/lib/api";
import { follow } from "@/lib/live/socket";
import { Screen, useView } from "@/lib/live/view";
import { login, ME, useMe } from "@/lib/me";

const TOPICS = ["deliberations", "executions", "status", "ticks"];

/** The connection of an address without a moment, opened while the page is still being built. */
let ahead: { topics: string; book: string; close: () => void } | null = null;
let built = false;

if (typeof window !== "undefined") void openAhead(new URLSearchParams(window.location.search));

async function openAhead(address: URLSearchParams) {
  if (address.has("at")) return;
  const me = await queries.fetchQuery(ME).catch(() => null); // told by the page, which asks for it too
  const topics = me && topicsOf(me);
  if (!topics || built) return;
  const book = address.get("book") ?? "";
  ahead = { topics, book, close: opened(topics, book) };
}

export function Session() {
  const { data: me, error } = useMe();
  const [book] = useBook();
  const [moment] = useMoment();
  const topics = me && topicsOf(me);
  const live = moment === null;

  useEffect(() => {
    if (error instanceof Problem && error.status === 401) login();
  }, [error]);

  useEffect(() => {
    if (topics === undefined) return;
    built = true;
    const early = ahead;
    ahead = null;
    if (early && live && early.topics === topics && early.book === book) return early.close;
    early?.close();
    if (live) return opened(topics, book);
  }, [topics, book, live]);

  useEffect(() => {
    const known = useView.getState().connection;
    if (error && known.state === "connecting") useView.setState({ connection: { state: "lost", reason: error.message } });
  }, [error]);
  return null;
}

const topicsOf = (me: { topics: string[] }) => me.topics.filter((topic) => TOPICS.includes(topic)).join(" ");

/** Shows what is live from now on; the function that comes back ends it. */
function opened(topics: string, book: string): () => void {
  const screen = new Screen();
  screen.clear();
  if (!topics) {
    screen.tell({ state: "refused", reason: "Your role may see nothing of the live market." });
    return () => undefined;
  }
  return follow({
    url: socketAddress(),
    topics: topics.split(" "),
    book,
    deliver: (frame, at) => screen.take(frame, at),
    tell: (connection) => {
      screen.tell(connection);
      if (connection.state === "logged-out") login();
    },
  });
}

function socketAddress(): string {
  const told = process.env.NEXT_PUBLIC_SOCKET;
  return told ?? `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/ws/live/`;
}
