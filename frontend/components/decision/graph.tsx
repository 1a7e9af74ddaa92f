"use client";
// The causal graph: columns from the ticks to what it was worth. Each step is a link to where it is told in full.

import { Background, Handle, Position, ReactFlow, type Edge, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Ban, Check, ShieldX, TriangleAlert, type LucideIcon } from "lucide-react";
import { useMemo } from "react";
import { COLUMNS, type Cause, type NodeLook } from "@/lib/decision-graph";

const WIDE = 150;
const HIGH = 72;
const ACROSS = 36;
const DOWN = 14;
const TOP = 26;

type Drawn = Node<{ cause: Cause }, "cause">;
type Head = Node<{ title: string }, "head">;

const LOOKS: Record<NodeLook, { border: string; icon: LucideIcon | null; word: string; ink: string }> = {
  "": { border: "border-line-strong", icon: null, word: "", ink: "" },
  good: { border: "border-good", icon: Check, word: "went on", ink: "text-good" },
  warn: { border: "border-warn", icon: TriangleAlert, word: "cut", ink: "text-warn" },
  bad: { border: "border-bad", icon: Ban, word: "ended here", ink: "text-bad" },
  veto: { border: "border-veto", icon: ShieldX, word: "vetoed", ink: "text-veto" },
};

const TYPES = { cause: CauseNode, head: HeadNode };

export function CausalGraph({ causes, links }: { causes: Cause[]; links: { from: Cause; to: Cause }[] }) {
  const { nodes, height } = useMemo(() => laid(causes), [causes]);
  const edges = useMemo(() => links.map(edge), [links]);
  const width = COLUMNS.length * (WIDE + ACROSS);
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label="Drawing of what led to what; the same stands in the table below">
      <div style={{ height: Math.max(160, height * 0.95), minWidth: Math.min(width, 1080) }}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={TYPES}
          fitView
          fitViewOptions={{ padding: 0.02, maxZoom: 1.1 }}
          minZoom={0.3}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          panOnDrag={false}
          zoomOnScroll={false}
          zoomOnPinch={false}
          zoomOnDoubleClick={false}
          preventScrolling={false}
          aria-label="Causal graph"
          className="[--xy-attribution-background-color:transparent]"
        >
          <Background gap={24} size={1} color="var(--line)" />
        </ReactFlow>
      </div>
    </div>
  );
}

function laid(causes: Cause[]): { nodes: (Drawn | Head)[]; height: number } {
  const counts = COLUMNS.map((_, column) => causes.filter((one) => one.column === column).length);
  const most = Math.max(1, ...counts);
  const used = COLUMNS.map(() => 0);
  const heads = COLUMNS.map((title, column): Head => ({ id: `head ${column}`, type: "head", position: { x: column * (WIDE + ACROSS), y: 0 }, data: { title } }));
  const nodes = causes.map((cause): Drawn => {
    const row = used[cause.column]!++;
    const inset = ((most - counts[cause.column]!) * (HIGH + DOWN)) / 2;
    return { id: cause.key, type: "cause", position: { x: cause.column * (WIDE + ACROSS), y: TOP + inset + row * (HIGH + DOWN) }, data: { cause } };
  });
  return { nodes: [...heads, ...nodes], height: TOP + most * (HIGH + DOWN) + 12 };
}

function edge({ from, to }: { from: Cause; to: Cause }): Edge {
  const lost = from.look === "bad" || from.look === "veto";
  return {
    id: `${from.key} → ${to.key}`,
    source: from.key,
    target: to.key,
    style: { stroke: lost ? "var(--bad)" : "var(--text-faint)", strokeDasharray: lost ? "4 3" : undefined, opacity: 0.8 },
  };
}

function CauseNode({ data: { cause } }: NodeProps<Drawn>) {
  const { border, icon: Icon, word, ink } = LOOKS[cause.look];
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="invisible" />
      <a
        href={`#${cause.target}`}
        style={{ width: WIDE, height: HIGH }}
        className={`pointer-events-auto flex flex-col justify-center overflow-hidden rounded border bg-raised px-2 text-left text-xs leading-tight ${border}`}
      >
        <span className="sr-only">{COLUMNS[cause.column]}: </span>
        {cause.lines.filter(Boolean).map((line, place) => (
          <span key={place} title={line} className={`number block truncate ${place ? "text-soft" : "font-medium"}`}>
            {line}
          </span>
        ))}
        {Icon && (
          <span className={`flex items-center gap-1 text-2xs ${ink}`}>
            <Icon aria-hidden className="size-3 shrink-0" /> {cause.word || word}
          </span>
        )}
      </a>
      <Handle type="source" position={Position.Right} isConnectable={false} className="invisible" />
    </>
  );
}

function HeadNode({ data: { title } }: NodeProps<Head>) {
  return <span className="text-xs font-medium text-faint">{title}</span>;
}
