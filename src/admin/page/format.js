// How numbers and names are written; nothing here touches the page.

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A running clock: 0:07, 12:30, 1:02:03. */
export function toClock(ms) {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts
    .map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0')))
    .join(':');
}

/** Roughly how long: 40 s, 12 min, 3 h, 5 d. */
export function toSpan(ms) {
  const span = Math.abs(ms);
  if (span < MINUTE_MS) return `${Math.round(span / SECOND_MS)} s`;
  if (span < 2 * HOUR_MS) return `${Math.round(span / MINUTE_MS)} min`;
  if (span < 2 * DAY_MS) return `${Math.round(span / HOUR_MS)} h`;
  return `${Math.round(span / DAY_MS)} d`;
}

/** How long a caller waited: 85 ms, 1.24 s. */
export function toWait(ms) {
  if (ms === undefined) return '–';
  return ms < SECOND_MS
    ? `${Math.round(ms)} ms`
    : `${(ms / SECOND_MS).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** The time of day on the operator's clock. */
export function toTime(atMs) {
  return new Date(atMs).toLocaleTimeString([], { hour12: false });
}

export function toCount(value) {
  return value.toLocaleString();
}

/** 1.4 GB, 230 MB. */
export function toBytes(value) {
  const megabytes = value / 2 ** 20;
  return megabytes >= 1_000 ? `${(megabytes / 1024).toFixed(1)} GB` : `${Math.round(megabytes)} MB`;
}

/** The beginning of a UUID. */
export function shorten(id) {
  return id.slice(0, 8);
}

/** ERR_AUTH_KEY_UNKNOWN → key unknown; caller-speaking → caller speaking. */
export function toWords(name) {
  return name
    .replace(/^ERR_(?:AUTH|HANDLER|CONVERSATION)_/u, '')
    .replaceAll(/[_-]/gu, ' ')
    .toLowerCase();
}

/** The value that `share` of the sorted values do not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
