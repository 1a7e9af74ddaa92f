"use client";
// Weights over time, drawn by uPlot.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { joined, type WeightLine } from "@/lib/agents";

const COLOURS = ["--accent", "--veto", "--warn", "--good", "--bad", "--focus", "--quiet", "--text"];
const HEIGHT = 220;

export default function WeightsChart({ lines }: { lines: WeightLine[] }) {
  const place = useRef<HTMLDivElement>(null);
  const names = lines.map(({ agent }) => agent).join("\n");
  const chart = useRef<uPlot | null>(null);

  useEffect(() => {
    const node = place.current;
    if (!node) return;
    const resolved = (name: string) => colourOf(node, name);
    const axis = { stroke: resolved("--text-faint"), grid: { stroke: resolved("--line"), width: 1 }, ticks: { stroke: resolved("--line") } };
    const made = new uPlot(
      {
        width: node.clientWidth,
        height: HEIGHT,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
        scales: { y: { range: (_, low, high) => [Math.max(0, Math.floor(low - 1)), Math.ceil(high + 1)] } },
        axes: [{ ...axis, values: (_, values) => values.map((at) => new Date(at * 1000).toISOString().slice(11, 16)) }, { ...axis, values: (_, values) => values.map((value) => `${value} %`) }],
        series: [
          { label: "UTC", value: (_, at) => (at === null ? "–" : new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ")) },
          ...names.split("\n").map((label, index) => ({
            label,
            stroke: resolved(COLOURS[index % COLOURS.length]!),
            width: 2,
            spanGaps: true,
            value: (_: uPlot, value: number | null) => (value === null ? "–" : `${value.toFixed(2)} %`),
          })),
        ],
      },
      [[], ...names.split("\n").map(() => [])],
      node,
    );
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height: HEIGHT }));
    watch.observe(node);
    const again = new MutationObserver(() => {
      for (const [index, series] of made.series.entries()) if (index) series.stroke = () => colourOf(node, COLOURS[(index - 1) % COLOURS.length]!);
      made.redraw();
    });
    again.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      watch.disconnect();
      again.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [names]);

  useEffect(() => {
    chart.current?.setData(joined(lines) as uPlot.AlignedData);
  }, [lines, names]);

  return <div ref={place} className="min-w-0 overflow-hidden text-xs" role="img" aria-label={`Weights over time of ${names.replaceAll("\n", ", ")}`} />;
}

/** A colour may be light-dark(…), which a canvas does not know: an element tells what it comes to. */
function colourOf(node: Element, name: string): string {
  const probe = node.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
