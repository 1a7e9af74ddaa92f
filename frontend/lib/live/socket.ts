// The live connection: subscribes, follows, says how much it has seen, and comes back by itself where it was.

import ReconnectingWebSocket from "partysocket/ws";
import { CLOSED, frameOf, type Frame, type Log } from "./protocol";

const SEEN_EVERY = 8;
const SILENT_MS = 4000;

export type Connection =
  | { state: "connecting" | "live" | "silent" | "past" }
  | { state: "lost" | "logged-out" | "refused"; reason: string };

export interface Subscription {
  url: string;
  topics: string[];
  book: string;
  deliver: (frame: Frame, at: number) => void;
  tell: (connection: Connection) => void;
}

/** Opens it; the function that comes back closes it. */
export function follow({ url, topics, book, deliver, tell }: Subscription): () => void {
  let after: Partial<Record<Log, number>> | null = null;
  let frames = 0;
  let lastAt = 0;
  const socket = new ReconnectingWebSocket(url, [], {
    minReconnectionDelay: 250,
    maxReconnectionDelay: 8000,
    reconnectionDelayGrowFactor: 1.7,
    minUptime: 3000,
    connectionTimeout: 8000,
    maxEnqueuedMessages: 0, // what was not sent is said anew, with the positions of then
  });

  socket.addEventListener("open", () => {
    frames = 0;
    lastAt = Date.now();
    socket.send(JSON.stringify({ subscribe: topics, book, ...(after ? { after } : {}) }));
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
    lastAt = Date.now();
    frames += 1;
    const frame = frameOf(data);
    if (frame) {
      after = reached(after, frame);
      deliver(frame, lastAt);
    }
    // Said only after the frame was worked on, so that the server slows down for a slow page.
    if (frames % SEEN_EVERY === 0 && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ seen: frames }));
    tell({ state: "live" });
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (code === CLOSED.loggedOut) end({ state: "logged-out", reason: reason || "You are logged out." });
    else if (code === CLOSED.forbidden) end({ state: "refused", reason: reason || "Your rights have changed." });
    else {
      if (code === CLOSED.tooSlow) after = null; // too far behind: from a snapshot again
      tell({ state: "lost", reason: reason || "the server does not answer" });
    }
  });

  // A connection that is open but silent is as bad as none: the server says something every second.
  const watch = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN || !lastAt) return;
    const quiet = Date.now() - lastAt;
    if (quiet > 3 * SILENT_MS) socket.reconnect(CLOSED.silent, "silent");
    else if (quiet > SILENT_MS) tell({ state: "silent" });
  }, 1000);

  function end(connection: Connection) {
    clearInterval(watch);
    socket.close();
    tell(connection);
  }
  return () => {
    clearInterval(watch);
    socket.close();
  };
}

/** How far each log is known after this frame; never less than before. */
export function reached(before: Partial<Record<Log, number>> | null, frame: Frame): Partial<Record<Log, number>> | null {
  if (frame.type === "event") return { ...before, [frame.log]: Math.max(frame.position, before?.[frame.log] ?? 0) };
  if (frame.type !== "snapshot") return before;
  const known = (log: Log) => Math.max(frame.positions[log] ?? 0, before?.[log] ?? 0);
  return { governance: known("governance"), execution: known("execution") };
}
