// Numbers and times as people read them. Amounts come as decimal strings and are only shown, never summed for a record.

const MINUS = "\u2212";

export function trimmed(value) {
  const text = String(value);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function amount(value, digits = 2) {
  if (value === null || value === undefined || value === "") return "–";
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  const text = Math.abs(number).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (number < 0 && Number(text.replace(/[^0-9.]/g, "")) !== 0 ? MINUS : "") + text;
}

export function signed(value, digits = 2) {
  const text = amount(value, digits);
  return Number(value) > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function price(value) {
  if (value === null || value === undefined || value === "") return "–";
  const [whole, part = ""] = trimmed(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part || grouped.length < 5 ? `${grouped}.${part.padEnd(2, "0")}` : grouped;
}

// A price that was computed: as many digits as a person can use.
export function about(value) {
  const number = Math.abs(Number(value));
  return amount(value, number >= 100 ? 2 : number >= 1 ? 4 : 8);
}

export function quantity(value) {
  if (value === null || value === undefined || value === "") return "–";
  return trimmed(value).replace(/^-/, MINUS);
}

export function percent(ppm, digits = 1) {
  return `${(ppm / 10000).toFixed(digits)} %`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 10000) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function clock(ms, fraction = 3) {
  if (!ms) return "–";
  const date = new Date(ms);
  const seconds = date.toISOString().slice(11, 19);
  return fraction ? `${seconds}.${String(date.getUTCMilliseconds()).padStart(3, "0").slice(0, fraction)}` : seconds;
}

export function age(ms) {
  if (ms === null || ms === undefined) return "never";
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export function count(value) {
  return Number(value ?? 0).toLocaleString("en-US");
}
