"use client";
// A panel and its four states: loading, empty, error, stale. None of them is ever a blank page.

import { AlertTriangle, CircleSlash, Clock3, LoaderCircle } from "lucide-react";
import { useId, type ReactNode } from "react";
import { Caught } from "@/components/caught";
import { age } from "@/lib/format";

export interface PanelProps {
  title: string;
  children?: ReactNode;
  /** Beside the title: a count, a switch. */
  aside?: ReactNode;
  loading?: boolean;
  /** Why there is nothing to show, naming the filter that is on. */
  empty?: string | false | null;
  /** What went wrong, in words for people. */
  error?: string | null;
  onRetry?: () => void;
  /** Age in ms of what is shown, where it is older than it should be. */
  staleFor?: number | null;
  className?: string;
  bodyClassName?: string;
}

export function Panel(props: PanelProps) {
  const { title, children, aside, loading, empty, error, onRetry, staleFor, className = "", bodyClassName = "" } = props;
  const id = useId();
  const bare = loading || empty || error;
  return (
    <section
      aria-labelledby={id}
      aria-busy={loading || undefined}
      className={`flex min-w-0 flex-col rounded-lg border border-line bg-panel ${className}`}
    >
      <header className="flex min-h-9 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-3 py-1">
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        {staleFor ? (
          <span role="status" className="inline-flex items-center gap-1 rounded bg-warn-soft px-1.5 text-xs text-warn">
            <Clock3 aria-hidden className="size-3" /> as it was {age(staleFor)} ago
          </span>
        ) : null}
        <span className="ml-auto flex items-center gap-2 text-xs text-faint">{aside}</span>
      </header>
      <div className={`min-h-0 flex-1 ${staleFor ? "opacity-70" : ""} ${bare ? "" : bodyClassName}`}>
        {error ? (
          <Notice look="error" text={error} onRetry={onRetry} />
        ) : loading ? (
          <Notice look="loading" text="Loading…" />
        ) : empty ? (
          <Notice look="empty" text={empty} />
        ) : (
          <Caught instead={(message, retry) => <Notice look="error" text={`This panel failed: ${message}.`} onRetry={retry} />}>{children}</Caught>
        )}
      </div>
    </section>
  );
}

const LOOKS = {
  loading: [LoaderCircle, "text-faint"],
  empty: [CircleSlash, "text-faint"],
  error: [AlertTriangle, "text-bad"],
} as const;

function Notice({ look, text, onRetry }: { look: keyof typeof LOOKS; text: string; onRetry?: () => void }) {
  const [Icon, colour] = LOOKS[look];
  return (
    <div role={look === "error" ? "alert" : "status"} className={`flex items-start gap-2 px-3 py-4 text-sm ${colour}`}>
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${look === "loading" ? "animate-spin" : ""}`} />
      <p className="min-w-0 break-words">
        {text}{" "}
        {onRetry && (
          <button type="button" onClick={onRetry} className="underline">
            Try again
          </button>
        )}
      </p>
    </div>
  );
}
