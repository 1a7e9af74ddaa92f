"use client";

import { Download } from "lucide-react";
import { csv, type Row } from "@/lib/csv";

/** Saves what a panel shows as CSV. */
export function Save({ name, rows }: { name: string; rows: Row[] }) {
  return (
    <button
      type="button"
      disabled={!rows.length}
      aria-label={`Save ${name} as CSV`}
      title={`Save ${name} as CSV`}
      onClick={() => saved(`${name}.csv`, new Blob([csv(rows)], { type: "text/csv" }))}
      className="disabled:opacity-40"
    >
      <Download aria-hidden className="size-3.5" />
    </button>
  );
}

export function saved(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = Object.assign(document.createElement("a"), { href: address, download: name.replaceAll(" ", "-") });
  link.click();
  URL.revokeObjectURL(address);
}
