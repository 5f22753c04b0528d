import { expect, test } from 'vitest';

import { maxAgeMs, retryAfterMs } from '../../src/auth/http-freshness.ts';

const NOW_MS = Date.UTC(2026, 10, 3, 12, 0, 0);

test.each([
  ['max-age=21600', 21_600_000],
  ['public, Max-Age=60, must-revalidate', 60_000],
  ['max-age="5"', 5_000],
  ['s-maxage=60', undefined],
  ['no-store', undefined],
  [null, undefined],
])('the max-age of %s is %s ms', (header, expected) => {
  expect(maxAgeMs(header)).toBe(expected);
});

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  [new Date(NOW_MS + 90_000).toUTCString(), 90_000],
  [new Date(NOW_MS - 90_000).toUTCString(), 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('the Retry-After of %s is %s ms', (header, expected) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected);
});
