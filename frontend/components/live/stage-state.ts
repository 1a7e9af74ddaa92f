// Which round stands on the stage; the council beside it shows how each seat voted in that one.

import { useQuery } from "@tanstack/react-query";
import { create } from "zustand";
import { api, asked } from "@/lib/api";
import { due, stepped } from "@/lib/live/rounds";
import { useView } from "@/lib/live/view";
import { useMe } from "@/lib/me";

interface StageState {
  shown: string | null;
  /** By the browser's clock. */
  since: number;
  paused: boolean;
  /** Counts the playbacks, so that one can be seen again. */
  played: number;
}

export const useStage = create<StageState>(() => ({ shown: null, since: 0, paused: false, played: 0 }));

export function moveOn(): void {
  const { shown, since, paused } = useStage.getState();
  const { decisions } = useView.getState();
  const gone = shown !== null && !decisions.some((one) => one.decision_id === shown);
  if (paused && !gone) return;
  const next = due(decisions, shown, Date.now() - since);
  if (next !== shown || gone) show(decisions.length ? next : null);
}

export function step(by: number): void {
  useStage.setState({ paused: true });
  const { shown } = useStage.getState();
  const next = stepped(useView.getState().decisions, shown, by);
  if (next !== shown) show(next);
}

export function show(shown: string | null): void {
  useStage.setState({ shown, since: Date.now() });
}

export const again = (): void => useStage.setState(({ played }) => ({ played: played + 1, since: Date.now() }));
export const setPaused = (paused: boolean): void => useStage.setState({ paused });

/** The whole story of a decision, for those who may read it. */
export function useStory(id: string | null) {
  const { data: me } = useMe();
  return useQuery({
    queryKey: ["story", id],
    queryFn: () => asked(api.GET("/api/v1/decisions/{decision_id}/explain", { params: { path: { decision_id: id ?? "" } } })),
    enabled: Boolean(id && me?.explores),
    staleTime: Infinity,
    gcTime: 60_000,
  });
}
