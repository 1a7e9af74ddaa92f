// The live socket's frames (docs/live.md), typed by the server's own definitions.

import type { Frame, LiveEvent, Payloads } from "@/generated/messages";

export type * from "@/generated/messages";

export type Log = "governance" | "execution";
export type Positions = Record<Log, number>;
export type EventName = keyof Payloads;

/** An event whose payload is known by its name; of a name that this release does not know, the payload is unknown. */
export type Told = LiveEvent & { log: Log };

export function payloadOf<Name extends EventName>(event: LiveEvent, name: Name): Payloads[Name] | null {
  return event.event === name ? (event.payload as unknown as Payloads[Name]) : null;
}

export const CLOSED = { tooSlow: 4008, silent: 4000, loggedOut: 4401, forbidden: 4403 } as const;

/** A frame of a kind that is not known is null: a newer server may say more than we understand. */
export function frameOf(text: string): Frame | null {
  const message = JSON.parse(text) as { type?: unknown };
  const known = ["snapshot", "event", "ticks", "status", "rounds", "gap"];
  return typeof message.type === "string" && known.includes(message.type) ? (message as Frame) : null;
}
