// Numbers and times for people: UTC, fixed digits, a real minus; what is not known is a dash.

const MINUS = "−";
export const UNKNOWN = "–";

type Numeric = string | number | null | undefined;

function digits(value: Numeric, least: number, most: number): string {
  const number = value === null || value === undefined || value === "" ? NaN : Number(value);
  if (!Number.isFinite(number)) return UNKNOWN;
  return format(least, most).format(number).replace("-", MINUS);
}

const formats = new Map<string, Intl.NumberFormat>();

/** Made once each: `toLocaleString` makes a new one every time, which is most of what a busy page would do. */
function format(least: number, most: number): Intl.NumberFormat {
  const name = `${least} ${most}`;
  const known = formats.get(name) ?? new Intl.NumberFormat("en-GB", { minimumFractionDigits: least, maximumFractionDigits: most });
  formats.set(name, known);
  return known;
}

export const money = (value: Numeric) => digits(value, 2, 2);
export const quantity = (value: Numeric) => digits(value, 0, 8);
export const count = (value: Numeric) => digits(value, 0, 0);
export const milliseconds = (value: Numeric) => digits(value, Number(value) < 10 ? 1 : 0, Number(value) < 10 ? 1 : 0);
export const percent = (ppm: Numeric, places = 1) =>
  ppm === null || ppm === undefined ? UNKNOWN : `${digits(Number(ppm) / 10_000, places, places)} %`;

export function price(value: Numeric): string {
  const size = Math.abs(Number(value));
  const places = size >= 1000 ? 2 : size >= 1 ? 4 : 6;
  return digits(value, Math.min(2, places), places);
}

export function signed(value: Numeric): string {
  const text = money(value);
  return Number(value) > 0 ? `+${text}` : text;
}

/** `12:34:56.789`, of milliseconds or an ISO text, in UTC. */
export function clock(at: number | string | null | undefined, places: 0 | 3 = 3): string {
  const moment = at === null || at === undefined ? NaN : typeof at === "number" ? at : Date.parse(at);
  return Number.isFinite(moment) ? new Date(moment).toISOString().slice(11, places ? 23 : 19) : UNKNOWN;
}

export function date(at: number | string | null | undefined): string {
  const moment = at === null || at === undefined ? NaN : typeof at === "number" ? at : Date.parse(at);
  return Number.isFinite(moment) ? new Date(moment).toISOString().slice(0, 10) : UNKNOWN;
}

const LOCAL = new Intl.DateTimeFormat("en-GB", { dateStyle: "short", timeStyle: "medium" });

export function local(at: number | string): string {
  return `${LOCAL.format(new Date(at))} local time`;
}

/** How long ago, in the largest unit that says enough. */
export function age(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return "0 s";
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Names of any length and with any characters, short enough for a line; the whole is for a title. */
export function short(text: string, longest = 40): string {
  const letters = [...text];
  return letters.length <= longest ? text : `${letters.slice(0, longest - 1).join("")}…`;
}
