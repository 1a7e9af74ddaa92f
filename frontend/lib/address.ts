"use client";
// What the address holds: it is the state of the page, so that a view can be kept and passed on.

import { parseAsFloat, parseAsIsoDateTime, parseAsString, useQueryState } from "nuqs";

/** The book that is looked at; "" is the one founded first. */
export const useBook = () => useQueryState("book", parseAsString.withDefault(""));

/** The moment of the past that is looked at; null is now. `speed` 0 stands still. */
export const useMoment = () => useQueryState("at", parseAsIsoDateTime);
export const useSpeed = () => useQueryState("speed", parseAsFloat.withDefault(0));

/** The instrument of the panels that show one; "" is the book's first. */
export const useInstrument = () => useQueryState("instrument", parseAsString.withDefault(""));

/** An address of the dashboard that keeps the book and the moment. `path` is without /dashboard. */
export function kept(path: string, search: URLSearchParams | string, more: Record<string, string> = {}): string {
  const now = new URLSearchParams(search);
  const told = new URLSearchParams();
  for (const name of ["book", "at", "speed"]) if (now.get(name)) told.set(name, now.get(name)!);
  for (const [name, value] of Object.entries(more)) told.set(name, value);
  const text = told.toString();
  return text ? `${path}?${text}` : path;
}
