/**
 * Reads how long a response may be kept from its `Cache-Control` header.
 *
 * @returns Milliseconds; `undefined` when it has no `max-age`.
 * @see RFC 9111 section 5.2.2.1
 */
export function maxAgeMs(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,10})/iu.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/**
 * Reads how long a peer wants to be left alone from its `Retry-After` header: seconds, or a date.
 *
 * @returns Milliseconds, 0 for a date that is past; `undefined` when there is none or it cannot be read.
 * @see RFC 9110 section 10.2.3
 */
export function retryAfterMs(retryAfter: string | null, nowMs: number): number | undefined {
  const text = retryAfter?.trim() ?? '';
  if (/^\d{1,10}$/u.test(text)) return Number(text) * 1_000;
  // Date.parse takes nearly anything, bare numbers included: an HTTP date begins with the name of a day.
  if (!/^[A-Z][a-z]{2}/u.test(text)) return undefined;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
