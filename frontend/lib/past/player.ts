// Plays a book from a moment of the past: the same frames that the socket would have said, at a chosen speed.

import type { Frame } from "@/lib/live/protocol";
import { eventsOf, snapshotOf, statusOf, ticksOf, type Bar, type BookAsOf, type LedgerRow } from "./frames";

export const BEFORE_MS = 90_000;
const AHEAD_MS = 10_000;
const TICK_MS = 100;
const STATUS_EVERY_MS = 3_000;
const SETTLED_MS = 1_000; // what was recorded by then is committed and can be read
const PRESENT_MS = 1_500;

/** Where the past comes from; times in ms, `from` within and `to` without. Rows and bars are the oldest first. */
export interface Source {
  asOf(at: number, signal: AbortSignal): Promise<BookAsOf>;
  before(at: number, signal: AbortSignal): Promise<LedgerRow[]>;
  events(from: number, to: number, signal: AbortSignal): Promise<LedgerRow[]>;
  bars(from: number, to: number, symbols: string[], signal: AbortSignal): Promise<Bar[]>;
}

export interface Heard {
  deliver(frame: Frame, at: number): void;
  /** The moment that is shown now, and whether it is being fetched. */
  moved(at: number, seeking: boolean): void;
  failed(words: string): void;
  /** The present was reached. */
  caughtUp(): void;
}

export class Player {
  private abort = new AbortController();
  private timer: ReturnType<typeof setInterval> | undefined;
  private rows: LedgerRow[] = [];
  private bars: Bar[] = [];
  private symbols: string[] = [];
  private fetchedTo = 0;
  private fetching = false;
  private telling = false;
  private toldAt = 0;
  private lastAt = 0;
  private speed = 0;
  at = 0;

  constructor(
    private readonly source: Source,
    private readonly heard: Heard,
    private readonly now: () => number = Date.now,
  ) {}

  /** Shows the moment `at`, standing still. */
  async seek(at: number): Promise<void> {
    this.stop();
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.at = at;
    this.fetching = true; // nothing is played before the moment is there
    this.heard.moved(at, true);
    try {
      const [past, before] = await Promise.all([this.source.asOf(at, signal), this.source.before(at, signal)]);
      this.symbols = past.instruments.map((terms) => String(terms.symbol));
      const bars = await this.source.bars(at - BEFORE_MS, at, this.symbols, signal);
      if (signal.aborted) return;
      this.heard.deliver(snapshotOf(past, before), at);
      for (const frame of eventsOf(before)) this.heard.deliver(frame, at);
      this.heard.deliver(ticksOf(bars, at), at);
      this.heard.deliver(statusOf(past), at);
      [this.rows, this.bars, this.fetchedTo, this.toldAt] = [[], [], at, this.now()];
      [this.lastAt, this.fetching] = [this.now(), false];
      this.heard.moved(at, false);
    } catch (error) {
      this.fail(error, signal);
    }
  }

  /** `speed` market seconds a second; 0 stands still. */
  play(speed: number): void {
    this.speed = speed;
    clearInterval(this.timer);
    this.timer = undefined;
    if (speed <= 0) return;
    this.lastAt = this.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.abort.abort();
    [this.fetching, this.telling] = [false, false];
  }

  private tick(): void {
    const now = this.now();
    const wanted = this.at + (now - this.lastAt) * this.speed;
    this.lastAt = now;
    if (this.fetchedTo < wanted + AHEAD_MS * Math.max(1, this.speed) * 0.5) void this.ahead();
    const at = Math.min(wanted, this.fetchedTo); // never past what is known: it waits for what is fetched
    if (at > this.at) this.show(at);
    if (this.at >= now - PRESENT_MS) {
      this.stop();
      this.heard.caughtUp();
    }
  }

  private show(at: number): void {
    this.at = at;
    const rows = this.rows.findIndex((row) => Date.parse(row.recorded_at) > at);
    for (const frame of eventsOf(this.rows.splice(0, rows < 0 ? this.rows.length : rows))) this.heard.deliver(frame, at);
    const bars = this.bars.findIndex((bar) => Date.parse(bar.at ?? "") + bar.width_s * 1000 > at);
    const closed = this.bars.splice(0, bars < 0 ? this.bars.length : bars);
    for (const bar of closed) {
      const frame = ticksOf([bar], at);
      for (const tick of Object.values(frame.ticks)) delete tick.history; // it goes on from what is there
      this.heard.deliver(frame, at);
    }
    this.heard.moved(at, false);
    if (this.now() - this.toldAt > STATUS_EVERY_MS) void this.tell();
  }

  private async ahead(): Promise<void> {
    if (this.fetching) return;
    const { signal } = this.abort;
    const from = this.fetchedTo;
    const to = Math.min(from + AHEAD_MS * Math.max(1, this.speed), this.now() - SETTLED_MS);
    if (to <= from) return;
    this.fetching = true;
    try {
      const [rows, bars] = await Promise.all([
        this.source.events(from, to, signal),
        this.source.bars(from, to, this.symbols, signal),
      ]);
      if (signal.aborted) return;
      this.rows.push(...rows);
      this.bars.push(...bars);
      this.fetchedTo = to;
    } catch (error) {
      this.fail(error, signal);
    } finally {
      if (!signal.aborted) this.fetching = false;
    }
  }

  /** Money, weights and mode are asked for now and then: to fold them here would be to write the engine again. */
  private async tell(): Promise<void> {
    if (this.telling) return;
    [this.telling, this.toldAt] = [true, this.now()];
    const { signal } = this.abort;
    const at = this.at;
    try {
      const past = await this.source.asOf(at, signal);
      if (!signal.aborted) this.heard.deliver(statusOf(past), this.at);
    } catch (error) {
      this.fail(error, signal);
    } finally {
      if (!signal.aborted) this.telling = false;
    }
  }

  private fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.play(0);
    this.heard.failed(error instanceof Error ? error.message : String(error));
  }
}
