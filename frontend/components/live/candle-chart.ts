// The chart itself, outside React: candles, volume and marks, drawn at most once a frame of the screen.

import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type MouseEventParams,
  type SeriesMarker,
  type UTCTimestamp,
} from "lightweight-charts";
import { clock, date, price } from "@/lib/format";
import { fills, grown, merged, surplus, torn, type Candle, type Width } from "@/lib/market/candles";
import type { Kind, Mark } from "@/lib/market/marks";

const NEAR_THE_START = 20;
const SHOWN_AT_FIRST = 140;
const TOKENS = ["text-soft", "line", "line-strong", "good", "bad", "warn", "veto", "quiet", "accent", "panel"] as const;
type Colours = Record<(typeof TOKENS)[number], string>;

export interface Ears {
  /** The candle under the crosshair (the newest without one) and the mark, if one is pointed at. */
  pointed: (candle: Candle | null, mark: Mark | null) => void;
  clicked: (mark: Mark) => void;
  /** The reader has come near the oldest candle. */
  further: () => void;
  /** Candles are missing between what is shown and what the server says. */
  torn: () => void;
}

export class CandleChart {
  private readonly chart: IChartApi;
  private readonly series: ISeriesApi<"Candlestick">;
  private readonly volume: ISeriesApi<"Histogram">;
  private readonly marker: ISeriesMarkersPluginApi<UTCTimestamp>;
  private readonly scheme: MutationObserver;
  private readonly preference = window.matchMedia("(prefers-color-scheme: dark)");
  private candles: Candle[] = [];
  private marks: Mark[] = [];
  private colours: Colours;
  private pointedAt: number | null = null;
  private fitted = false;
  private shortened = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly width: Width,
    private readonly ears: Ears,
  ) {
    this.colours = coloursOf(host);
    // Its own logo brings a style element, which the site's policy forbids: the panel names and links TradingView itself.
    this.chart = createChart(host, { autoSize: true, layout: { attributionLogo: false }, crosshair: { mode: CrosshairMode.Normal } });
    this.series = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.volume = this.chart.addSeries(HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.series.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.2 } });
    this.marker = createSeriesMarkers(this.series, []) as ISeriesMarkersPluginApi<UTCTimestamp>;
    this.chart.subscribeCrosshairMove((event) => this.point(event));
    this.chart.subscribeClick((event) => this.click(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (!this.fitted || !range || range.from >= NEAR_THE_START) return;
      if (this.shortened) this.ears.torn(); // between what is shown and what was read first, candles were let go
      else this.ears.further();
    });
    this.scheme = new MutationObserver(() => this.recolour());
    this.scheme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.preference.addEventListener("change", this.recolour);
    this.recolour();
  }

  /** What it shows now, as PNG. */
  picture(take: (image: Blob) => void): void {
    this.chart.takeScreenshot(true).toBlob((image) => image && take(image), "image/png");
  }

  close(): void {
    this.scheme.disconnect();
    this.preference.removeEventListener("change", this.recolour);
    this.chart.remove();
  }

  /** All that the server keeps, oldest first; what was made of prices since stays. */
  show(candles: Candle[]): void {
    const newest = candles.at(-1)?.time ?? 0;
    this.candles = merged(candles, this.candles.filter((candle) => !candle.kept && candle.time > newest));
    this.shortened = false;
    const close = this.candles.at(-1)?.close ?? 0;
    const [precision, minMove] = close >= 1000 ? [2, 0.01] : close >= 1 ? [4, 0.0001] : [6, 0.000001];
    this.series.applyOptions({ priceFormat: { type: "price", precision, minMove } });
    this.redraw();
    if (!this.fitted && this.candles.length) {
      this.fitted = true;
      this.chart.timeScale().setVisibleLogicalRange({ from: Math.max(-10, this.candles.length - SHOWN_AT_FIRST), to: this.candles.length + 5 });
    }
    this.tellPointed();
  }

  /** The server's newest few, oldest first. */
  correct(told: Candle[]): void {
    if (!this.candles.length) return;
    if (torn(this.candles, told, this.width)) return this.ears.torn();
    const newest = this.candles.at(-1)?.time ?? 0;
    const between = fills(this.candles, told);
    this.candles = merged(this.candles, told);
    const first = told[0]?.time ?? Infinity;
    if (between) this.redraw(); // the chart refuses a new candle before its newest
    else for (const candle of this.candles.filter((one) => one.time >= first)) this.draw(candle, candle.time < newest);
    this.shorten();
    this.tellPointed();
  }

  private shorten(): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    const over = range ? surplus(this.candles.length, range.from) : 0;
    if (!over) return;
    this.candles.splice(0, over);
    this.shortened = true;
    this.redraw();
    this.mark(this.marks);
  }

  tick(value: number, at: number): void {
    if (!this.candles.length) return;
    const candle = grown(this.candles.at(-1), value, at, this.width);
    if (!candle) return;
    if (candle.time === this.candles.at(-1)?.time) this.candles[this.candles.length - 1] = candle;
    else this.candles.push(candle);
    this.draw(candle, false);
    this.tellPointed();
  }

  mark(marks: Mark[]): void {
    this.marks = marks;
    const first = this.candles[0]?.time ?? 0;
    this.marker.setMarkers(marks.filter((mark) => mark.time >= first).map((mark) => markerOf(mark, this.colours, this.width)));
  }

  private redraw(): void {
    this.series.setData(this.candles.map(barOf));
    this.volume.setData(this.candles.map((candle) => this.volumeOf(candle)));
  }

  private draw(candle: Candle, past: boolean): void {
    this.series.update(barOf(candle), past);
    this.volume.update(this.volumeOf(candle), past);
  }

  private readonly recolour = (): void => {
    const colours = (this.colours = coloursOf(this.host));
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: "rgba(0, 0, 0, 0)" }, textColor: colours["text-soft"], fontSize: 11 },
      grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
      rightPriceScale: { borderColor: colours.line },
      timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: this.width === 1, rightOffset: 5 },
      localization: { timeFormatter: (time: UTCTimestamp) => `${date(time * 1000)} ${clock(time * 1000, 0)} UTC` },
    });
    const { good, bad } = colours;
    this.series.applyOptions({ upColor: good, wickUpColor: good, downColor: bad, wickDownColor: bad });
    this.volume.setData(this.candles.map((candle) => this.volumeOf(candle)));
    this.mark(this.marks);
  };

  private volumeOf({ time, volume, open, close }: Candle) {
    const colour = close >= open ? this.colours.good : this.colours.bad;
    return { time: time as UTCTimestamp, value: volume, color: faded(colour, 0.35) };
  }

  private point(event: MouseEventParams): void {
    this.pointedAt = typeof event.time === "number" ? event.time : null;
    const mark = this.markAt(event);
    this.host.classList.toggle("cursor-pointer", mark !== null);
    this.tellPointed(mark);
  }

  private tellPointed(mark: Mark | null = null): void {
    const at = this.pointedAt;
    if (at !== null && mark === null) return this.ears.pointed(this.candles.find((one) => one.time === at) ?? null, null);
    this.ears.pointed(this.candles.findLast((one) => at === null || one.time === at) ?? null, mark);
  }

  private click(event: MouseEventParams): void {
    const mark = this.markAt(event);
    if (mark) this.ears.clicked(mark);
  }

  private markAt(event: MouseEventParams): Mark | null {
    const id = event.hoveredInfo?.objectId;
    return this.marks.find((mark) => mark.id === id) ?? null;
  }
}

const barOf = ({ time, open, high, low, close }: Candle) => ({ time: time as UTCTimestamp, open, high, low, close });

type Look = Pick<SeriesMarker<UTCTimestamp>, "position" | "shape" | "size"> & { colour: keyof Colours; word?: string };

const LOOKS: Record<Exclude<Kind, "fill">, Look> = {
  buy: { position: "belowBar", shape: "arrowUp", size: 1.2, colour: "good" },
  sell: { position: "aboveBar", shape: "arrowDown", size: 1.2, colour: "bad" },
  reduced: { position: "belowBar", shape: "circle", size: 0.9, colour: "warn", word: "cut" },
  vetoed: { position: "aboveBar", shape: "circle", size: 0.9, colour: "veto", word: "veto" },
  refused: { position: "aboveBar", shape: "circle", size: 0.35, colour: "quiet" },
};

/** A candle of a minute holds so many that words would only cover each other. */
function markerOf(mark: Mark, colours: Colours, width: Width): SeriesMarker<UTCTimestamp> {
  const { id, kind, count } = mark;
  const time = mark.time as UTCTimestamp;
  if (kind === "fill") return { id, time, position: "atPriceMiddle", price: mark.price ?? 0, shape: "square", size: width === 1 ? 0.4 : 0.1, color: colours.accent };
  const { colour, word, ...look } = LOOKS[kind];
  const text = kind === "refused" || width === 60 ? "" : [word, count > 1 ? `×${count}` : ""].filter(Boolean).join(" ");
  const position = kind === "reduced" && mark.side === "sell" ? "aboveBar" : look.position;
  return { ...look, id, time, position, color: colours[colour], text } as SeriesMarker<UTCTimestamp>;
}

/** The tokens as plain colours: a canvas knows nothing of custom properties and of light-dark(). */
function coloursOf(host: HTMLElement): Colours {
  const probe = document.createElement("span");
  host.append(probe);
  const colours = TOKENS.map((token) => {
    probe.style.color = `var(--${token})`;
    return [token, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(colours) as Colours;
}

const faded = (colour: string, alpha: number) => colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);

export const legendOf = (candle: Candle | null): string =>
  candle
    ? `O ${price(candle.open)}  H ${price(candle.high)}  L ${price(candle.low)}  C ${price(candle.close)}  ${date(candle.time * 1000)} ${clock(candle.time * 1000, 0)} UTC`
    : "";
