"use client";
// What led to what: the drawing, and the same in a table.

import dynamic from "next/dynamic";
import { useMemo } from "react";
import { Heads } from "@/components/heads";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import type { Told } from "@/lib/decision";
import { causesOf, COLUMNS, ledTo } from "@/lib/decision-graph";

const Graph = dynamic(() => import("./graph").then((made) => made.CausalGraph), {
  ssr: false,
  loading: () => (
    <p role="status" className="px-3 py-4 text-sm text-faint">
      Loading the drawing…
    </p>
  ),
});

export function CausesPanel({ told }: { told: Told }) {
  const causes = useMemo(() => causesOf(told), [told]);
  const links = useMemo(() => ledTo(causes), [causes]);
  const of = (key: string) => links.filter(({ to }) => to.key === key).map(({ from }) => `${COLUMNS[from.column]}: ${from.lines[0]}`);
  const rows = causes.map((one) => ({ step: COLUMNS[one.column], what: one.lines.filter(Boolean).join(", "), because_of: of(one.key).join("; ") }));
  return (
    <Panel title="What led to what" aside={<Save name="causes" rows={rows} />} empty={!causes.length && "Nothing is known of this round."}>
      <Graph causes={causes} links={links} />
      <details className="border-t border-line text-xs">
        <summary className="px-3 py-1.5 text-soft">The same as a table: {causes.length} steps</summary>
        <div className="overflow-x-auto px-3 pb-3" tabIndex={0} role="group" aria-label="Steps of the decision">
          <table className="w-full">
            <Heads titles={["Step", "What", "Because of"]} />
            <tbody className="divide-y divide-line">
              {causes.map((one, place) => (
                <tr key={one.key}>
                  <td className="py-1 pr-3 align-top">{rows[place]!.step}</td>
                  <td className="number pr-3 align-top">
                    <a href={`#${one.target}`} className="text-accent underline-offset-2 hover:underline">
                      {rows[place]!.what}
                    </a>
                  </td>
                  <td className="number align-top text-soft">{rows[place]!.because_of}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </Panel>
  );
}
