"use client";

import { DecisionsPanel } from "./decisions";

export function LivePage() {
  return (
    <>
      <h1 className="sr-only">Live</h1>
      <DecisionsPanel />
    </>
  );
}
