// The fold as React sees it: new values of what changed, at most once a frame of the screen.

import { create } from "zustand";
import { Fold, type Decision, type Market, type Slice } from "./fold";
import type { Frame, LiveBook, Positions, Round, Status, Told } from "./protocol";
import type { Connection } from "./socket";

export interface View {
  connection: Connection;
  loaded: boolean;
  positions: Positions;
  book: LiveBook | null;
  status: Status | null;
  /** By the browser's clock; `skew` is how far it is ahead of the server's, in ms. */
  statusAt: number;
  skew: number;
  lastFrameAt: number;
  lastEventAt: number;
  eventsSeen: number;
  decisions: Decision[];
  rounds: Round[];
  markets: Record<string, Market>;
  events: Told[];
  gap: Fold["gap"];
  /** The moment of the past that is shown (ms), null while it is the present; `seeking`: it is being fetched. */
  moment: number | null;
  seeking: boolean;
}

const NOTHING: View = {
  connection: { state: "connecting" },
  loaded: false,
  positions: { governance: 0, execution: 0 },
  book: null,
  status: null,
  ...{ statusAt: 0, skew: 0, lastFrameAt: 0, lastEventAt: 0, eventsSeen: 0 },
  ...{ decisions: [], rounds: [], markets: {}, events: [], gap: null },
  ...{ moment: null, seeking: false },
};

export const useView = create<View>(() => NOTHING);

const SLICES: Record<Slice, (fold: Fold) => Partial<View>> = {
  book: (fold) => ({ book: fold.book }),
  status: (fold) => ({ status: fold.status, statusAt: fold.statusAt }),
  decisions: (fold) => ({ decisions: fold.decisions }),
  rounds: (fold) => ({ rounds: fold.rounds }),
  markets: (fold) => ({ markets: Object.fromEntries(fold.markets) }),
  events: (fold) => ({ events: fold.events.slice(), gap: fold.gap }),
};

/** Folds frames and shows what came of them; whatever the rate of frames, React hears once a frame of the screen. */
export class Screen {
  private fold = new Fold();
  private drawing = 0;
  private lastFrameAt = 0;
  private skew = 0;

  take(frame: Frame, at: number): void {
    this.fold.take(frame, at);
    this.lastFrameAt = at;
    if (frame.type === "status") this.skew = at - frame.at;
    // A page in the background draws nothing; a timer keeps what it knows from growing old unseen.
    this.drawing ||= document.hidden ? window.setTimeout(this.draw, 1000) : requestAnimationFrame(this.draw);
  }

  tell(connection: Connection): void {
    const known = useView.getState().connection;
    if (known.state !== connection.state || "reason" in connection) useView.setState({ connection });
  }

  /** Begins anew, from nothing: another book, or another moment. */
  clear(): void {
    this.fold = new Fold();
    useView.setState({ ...NOTHING });
  }

  private draw = (): void => {
    this.drawing = 0;
    const { fold } = this;
    const changed: Partial<View> = { positions: fold.positions, loaded: fold.loaded, eventsSeen: fold.eventsSeen };
    for (const slice of fold.changed) Object.assign(changed, SLICES[slice](fold));
    fold.changed.clear();
    useView.setState({ ...changed, lastFrameAt: this.lastFrameAt, lastEventAt: fold.lastEventAt, skew: this.skew });
  };
}
