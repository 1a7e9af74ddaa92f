"use client";
// Keeps the view fed: with the live socket while the address names no moment, with the past while it does (past.tsx).

import { useEffect } from "react";
import { useBook, useMoment } from "@/lib/address";
import { Problem } from "@/lib/api";
import { follow } from "@/lib/live/socket";
import { Screen, useView } from "@/lib/live/view";
import { login, useMe } from "@/lib/me";

const TOPICS = ["deliberations", "executions", "status", "ticks"];

export function Session() {
  const { data: me, error } = useMe();
  const [book] = useBook();
  const [moment] = useMoment();
  const topics = me?.topics.filter((topic) => TOPICS.includes(topic)).join(" ");
  const live = moment === null;

  useEffect(() => {
    if (error instanceof Problem && error.status === 401) login();
  }, [error]);

  useEffect(() => {
    if (topics === undefined || !live) return;
    const screen = new Screen();
    screen.clear();
    if (!topics) {
      screen.tell({ state: "refused", reason: "Your role may see nothing of the live market." });
      return;
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
  }, [topics, book, live]);

  useEffect(() => {
    const known = useView.getState().connection;
    if (error && known.state === "connecting") useView.setState({ connection: { state: "lost", reason: error.message } });
  }, [error]);
  return null;
}

function socketAddress(): string {
  const told = process.env.NEXT_PUBLIC_SOCKET;
  return told ?? `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/ws/live/`;
}
