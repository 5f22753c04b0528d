import { afterEach, beforeEach, expect, test } from 'vitest';

import { fetchJwks } from '../../src/auth/fetch-jwks.ts';
import { MAX_JWKS_KEYS } from '../../src/auth/parse-jwks.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';

const LIMITS = { timeoutMs: 10_000, maxBodyBytes: 256 * 1024 };
const LIVING = new AbortController().signal;

let server: JwksServer;
beforeEach(async () => {
  server = await startJwksServer();
});
afterEach(() => server.close());

const fetchKeys = (signal = LIVING, clock = createFakeClock()) =>
  fetchJwks(server.url, LIMITS, { clock, fetch }, signal);

test('a key set comes with its max-age, whatever its content type says', async () => {
  server.publish([{ kid: 'a' }], {
    'content-type': 'text/plain',
    'cache-control': 'public, max-age=21600',
  });
  expect(await fetchKeys()).toEqual({
    type: 'keys',
    entries: [{ kid: 'a' }],
    maxAgeMs: 21_600_000,
  });
});

test('a key set without Cache-Control has no max-age', async () => {
  server.publish([]);
  expect(await fetchKeys()).toEqual({ type: 'keys', entries: [], maxAgeMs: undefined });
});

test('a redirect is refused and not followed', async () => {
  const elsewhere = await startJwksServer();
  elsewhere.publish([{ kid: 'evil' }]);
  server.answer((_request, response) => response.writeHead(302, { location: elsewhere.url }).end());
  expect(await fetchKeys()).toEqual({ type: 'failed', reason: 'redirect', status: 302 });
  expect(elsewhere.requests()).toBe(0);
  await elsewhere.close();
});

test.each([201, 204, 404, 500, 503])(
  'status %i is a failure, whatever its body',
  async (status) => {
    server.answer((_request, response) => response.writeHead(status).end('{"keys":[]}'));
    expect(await fetchKeys()).toEqual({ type: 'failed', reason: 'status', status });
  },
);

test('[check 36] a 429 carries Retry-After in seconds or as a date', async () => {
  const clock = createFakeClock(Date.UTC(2026, 10, 3));
  server.answer((_request, response) => response.writeHead(429, { 'retry-after': '7' }).end());
  expect(await fetchKeys(LIVING, clock)).toEqual({
    type: 'failed',
    reason: 'rate-limited',
    status: 429,
    retryAfterMs: 7_000,
  });
  const date = new Date(clock.now() + 60_000).toUTCString();
  server.answer((_request, response) => response.writeHead(429, { 'retry-after': date }).end());
  expect(await fetchKeys(LIVING, clock)).toMatchObject({ retryAfterMs: 60_000 });
});

test('a server that never answers is given up at the time limit, by the clock that was given', async () => {
  const clock = createFakeClock();
  server.answer(() => undefined);
  const answer = fetchKeys(LIVING, clock);
  await expect.poll(server.requests).toBe(1);
  clock.advance(LIMITS.timeoutMs);
  expect(await answer).toEqual({ type: 'failed', reason: 'timeout' });
  expect(clock.pending()).toBe(0);
});

test('a body that drips is given up at the same limit, and its connection is closed', async () => {
  const clock = createFakeClock();
  let isDripping = false;
  let isClosed = false;
  server.answer((_request, response) => {
    response.once('close', () => (isClosed = true));
    response.writeHead(200).write('{', () => (isDripping = true));
  });
  const answer = fetchKeys(LIVING, clock);
  await expect.poll(() => isDripping).toBe(true);
  clock.advance(LIMITS.timeoutMs);
  expect(await answer).toEqual({ type: 'failed', reason: 'timeout' });
  await expect.poll(() => isClosed).toBe(true);
});

test('a body of 10 MB is left at the cap', async () => {
  let sentBytes = 0;
  let isClosed = false;
  server.answer((_request, response) => {
    response.once('close', () => (isClosed = true));
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const pump = (): void => {
      if (isClosed || sentBytes >= 10 * 1024 * 1024) return void response.end();
      sentBytes += chunk.length;
      response.write(chunk, pump);
    };
    response.writeHead(200);
    pump();
  });
  expect(await fetchKeys()).toEqual({ type: 'failed', reason: 'too-large' });
  await expect.poll(() => isClosed).toBe(true);
});

test('a body that breaks off is a failure', async () => {
  server.answer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"keys":[]}', () => response.destroy());
  });
  expect(await fetchKeys()).toMatchObject({ type: 'failed', reason: 'network' });
});

test('a connection that is refused tells the code of the system', async () => {
  const gone = await startJwksServer();
  await gone.close();
  expect(await fetchJwks(gone.url, LIMITS, { clock: systemClock, fetch }, LIVING)).toEqual({
    type: 'failed',
    reason: 'network',
    networkCode: 'ECONNREFUSED',
  });
});

test.each([
  ['HTML', '<html><body>sign in</body></html>'],
  ['nothing', ''],
  ['a list', '[]'],
  ['null', 'null'],
  ['no keys', '{}'],
  ['keys that are no list', '{"keys":{"0":{}}}'],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  [
    'too many keys',
    JSON.stringify({ keys: Array.from({ length: MAX_JWKS_KEYS + 1 }, () => ({})) }),
  ],
])('a body of %s is malformed', async (_name, body) => {
  server.answer((_request, response) => response.writeHead(200).end(body));
  expect(await fetchKeys()).toEqual({ type: 'failed', reason: 'malformed' });
});

test('a fetch that is called off ends at once', async () => {
  const ending = new AbortController();
  server.answer(() => undefined);
  const answer = fetchKeys(ending.signal);
  await expect.poll(server.requests).toBe(1);
  ending.abort();
  expect(await answer).toMatchObject({ type: 'failed', reason: 'network' });
});
