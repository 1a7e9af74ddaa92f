// A word with its icon and colour: a colour that means something never stands alone.

import {
  Ban,
  Check,
  CircleDashed,
  Hourglass,
  Minus,
  ShieldX,
  TriangleAlert,
  X,
  type LucideIcon,
} from "lucide-react";
import type { ReactNode } from "react";

export type Look = "good" | "warn" | "bad" | "veto" | "accent" | "quiet";

const COLOURS: Record<Look, string> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  veto: "bg-veto-soft text-veto",
  accent: "bg-accent-soft text-accent",
  quiet: "bg-quiet-soft text-quiet",
};

const ICONS: Record<Look, LucideIcon> = {
  good: Check,
  warn: TriangleAlert,
  bad: X,
  veto: ShieldX,
  accent: CircleDashed,
  quiet: Minus,
};

export function Badge({ look, icon, title, children }: { look: Look; icon?: LucideIcon; title?: string; children: ReactNode }) {
  const Icon = icon ?? ICONS[look];
  return (
    <span title={title} className={`inline-flex items-center gap-1 whitespace-nowrap rounded px-1.5 text-xs leading-5 ${COLOURS[look]}`}>
      <Icon aria-hidden className="size-3 shrink-0" />
      {children}
    </span>
  );
}

export const OUTCOMES: Record<string, { look: Look; icon: LucideIcon }> = {
  granted: { look: "good", icon: Check },
  reduced: { look: "warn", icon: TriangleAlert },
  vetoed: { look: "veto", icon: ShieldX },
  expired: { look: "quiet", icon: Hourglass },
  refused: { look: "quiet", icon: Ban },
};

export const ORDER_STATES: Record<string, { look: Look; icon?: LucideIcon }> = {
  filled: { look: "good" },
  partially_filled: { look: "accent" },
  rejected: { look: "bad" },
  cancelled: { look: "quiet", icon: Ban },
  expired: { look: "quiet", icon: Hourglass },
};

export function Outcome({ outcome }: { outcome: string }) {
  const { look, icon } = OUTCOMES[outcome] ?? { look: "quiet" as const, icon: undefined };
  return (
    <Badge look={look} icon={icon}>
      {outcome}
    </Badge>
  );
}

export const WON = new Set(["GRANTED", "REDUCED", "CLEARED", "QUEUED", "PASSED", "EXECUTED"]);
