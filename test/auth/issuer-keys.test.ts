import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createIssuerKeys } from '../../src/auth/issuer-keys.ts';
import type { IssuerKeysOptions } from '../../src/auth/issuer-keys-options.ts';
import type { KeySource, VerificationKey } from '../../src/auth/key-source.ts';
import { loadSnapshot } from '../../src/auth/key-snapshot.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type FakeClock, createFakeClock } from '../support/fake-clock.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';
import { createLogRecorder } from '../support/log-recorder.ts';
import { signingKey } from '../support/signing-keys.ts';

const ISSUER = 'https://broker.test/idb';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** When keys that live an hour are refreshed, with a random number of 0.5. Time that stands still after it lets the fetch end. */
const REFRESH_MS = 0.875 * HOUR_MS;
const MAX_AGE_1_H = { 'cache-control': 'max-age=3600' };
const UNKNOWN = expect.objectContaining({ code: 'ERR_AUTH_KEY_UNKNOWN' });
const UNAVAILABLE = expect.objectContaining({ code: 'ERR_AUTH_KEYS_UNAVAILABLE' });

const one = (await signingKey('key-1')).jwk;
const two = (await signingKey('key-2')).jwk;

let server: JwksServer;
let clock: FakeClock;
let opened: KeySource[];
beforeEach(async () => {
  server = await startJwksServer();
  server.publish([one], MAX_AGE_1_H);
  clock = createFakeClock();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((keys) => keys.close()));
  await server.close();
});

function open(
  options: Partial<IssuerKeysOptions> = {},
  deps: { readonly fetch?: typeof fetch; readonly random?: () => number } = {},
) {
  const log = createLogRecorder();
  const metrics = createMetrics();
  const issuers = options.issuers ?? [{ issuer: ISSUER, jwksUri: server.url }];
  const keys = createIssuerKeys(
    { ...options, issuers },
    { clock, logger: log.logger, metrics, fetch, random: () => 0.5, ...deps },
  );
  opened.push(keys);
  return {
    keys,
    log,
    find: async (keyId: string) => keys.find(ISSUER, keyId),
    count: (event: string) => log.events().filter((name) => name === event).length,
    staleIssuers: async () => (await metrics.keysStale.get()).values[0]?.value,
    outcomes: async () =>
      Object.fromEntries(
        (await metrics.keyFetches.get()).values.map(({ labels, value }) => [labels.outcome, value]),
      ),
  };
}

/** A key that must be there without waiting. */
function findNow(keys: KeySource, keyId: string): VerificationKey {
  const key = keys.find(ISSUER, keyId);
  if (key instanceof Promise) throw new Error('had to wait');
  return key;
}

const fail = (status = 500, headers: Record<string, string> = {}) =>
  server.answer((_request, response) => response.writeHead(status, headers).end());

describe('a reachable issuer', () => {
  test('[check 35] any number of finds costs one fetch within the time to live', async () => {
    const { keys } = open();
    await keys.start();
    const found = Array.from({ length: 100 }, () => findNow(keys, 'key-1'));
    expect(new Set(found).size).toBe(1);
    expect(found[0]?.isTrusted()).toBe(true);
    clock.advance(40 * MINUTE_MS);
    expect(findNow(keys, 'key-1')).toBe(found[0]);
    expect(server.requests()).toBe(1);
    expect(keys.status()).toEqual([
      { issuer: ISSUER, keys: 1, isStale: false, ageMs: 40 * MINUTE_MS },
    ]);
  });

  test('[check 35] concurrent misses share one fetch', async () => {
    const { find } = open();
    const found = await Promise.all(Array.from({ length: 50 }, () => find('key-1')));
    expect(new Set(found).size).toBe(1);
    expect(server.requests()).toBe(1);
  });

  test('[check 18] an unknown key id costs one fetch, and is refused', async () => {
    const { keys, find } = open();
    await keys.start();
    await expect(find('nobody')).rejects.toEqual(UNKNOWN);
    expect(server.requests()).toBe(2);
  });

  test('a key that was published since the last fetch is found', async () => {
    const { keys, find } = open();
    await keys.start();
    server.publish([one, two]);
    expect((await find('key-2')).keyId).toBe('key-2');
    expect(server.requests()).toBe(2);
  });

  test('[check 38] a flood of invented key ids costs one fetch for each cool-down, failed or not', async () => {
    const { keys, find } = open();
    await keys.start();
    const flood = () =>
      Promise.allSettled(Array.from({ length: 1_000 }, (_, id) => find(`invented-${id}`)));
    await flood();
    expect(server.requests()).toBe(2);
    expect(() => keys.find(ISSUER, 'at once')).toThrow('no such key');
    await flood();
    expect(server.requests()).toBe(2);
    fail();
    clock.advance(30_000);
    await flood();
    expect(server.requests()).toBe(3);
    await flood();
    expect(server.requests()).toBe(3);
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
  });

  test('[check 19] an issuer that is not configured is refused, and nobody is asked', async () => {
    const { keys } = open();
    expect(() => keys.find(`${ISSUER}/`, 'key-1')).toThrow(
      expect.objectContaining({ code: 'ERR_AUTH_ISSUER' }),
    );
    expect(server.requests()).toBe(0);
  });

  test.each([
    ['no max-age', undefined, 60],
    ['max-age=0', 'max-age=0', 5],
    ['a week', 'max-age=604800', 360],
  ])(
    'with %s the keys are refreshed between 80 and 95 %% of their bounded life',
    async (_name, header, ttlMinutes) => {
      server.publish([one], header === undefined ? {} : { 'cache-control': header });
      const { keys, count } = open();
      await keys.start();
      clock.advance(ttlMinutes * MINUTE_MS * 0.8 - 1);
      expect(count('auth.keys.fetched')).toBe(1);
      clock.advance(ttlMinutes * MINUTE_MS * 0.075 + 1);
      await expect.poll(() => count('auth.keys.fetched')).toBe(2);
      expect(count('auth.keys.stale')).toBe(0);
    },
  );
});

describe('rotation', () => {
  test('a withdrawn key is trusted no more after one refresh, and a kept one is the same object', async () => {
    server.publish([one, two]);
    const { keys, find, count } = open();
    await keys.start();
    const [kept, withdrawn] = [findNow(keys, 'key-1'), findNow(keys, 'key-2')];
    server.publish([one]);
    clock.advance(REFRESH_MS);
    await expect.poll(() => count('auth.keys.fetched')).toBe(2);
    expect(withdrawn.isTrusted()).toBe(false);
    expect(findNow(keys, 'key-1')).toBe(kept);
    expect(kept.isTrusted()).toBe(true);
    await expect(find('key-2')).rejects.toEqual(UNKNOWN);
  });

  test('a key id with other material is another key, and the old one is trusted no more', async () => {
    const { keys, count } = open();
    await keys.start();
    const old = findNow(keys, 'key-1');
    server.publish([{ ...two, kid: 'key-1' }]);
    clock.advance(REFRESH_MS);
    await expect.poll(() => count('auth.keys.fetched')).toBe(2);
    expect(old.isTrusted()).toBe(false);
    expect(findNow(keys, 'key-1')).not.toBe(old);
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
  });

  test.each([
    ['an empty set', []],
    ['a set without a usable key', [{ kty: 'EC', kid: 'ec' }]],
  ])('%s is a failure, and the old keys stay', async (_name, published) => {
    const { keys, outcomes } = open();
    await keys.start();
    server.publish(published);
    clock.advance(REFRESH_MS);
    await expect.poll(outcomes).toMatchObject({ 'no-usable-keys': 1 });
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
  });
});

describe('an outage', () => {
  test('[check 37] without keys every find says unavailable, and start does not reject', async () => {
    fail();
    const { keys, outcomes } = open();
    await keys.start();
    expect(() => keys.find(ISSUER, 'key-1')).toThrow(UNAVAILABLE);
    expect(await outcomes()).toEqual({ status: 1 });
    expect(keys.status()).toEqual([{ issuer: ISSUER, keys: 0, isStale: false, ageMs: undefined }]);
  });

  test('[check 37] stale keys serve for the stale time, are told of once, then are gone, and come back', async () => {
    const { keys, find, count, staleIssuers } = open({ staleMs: 2 * HOUR_MS });
    await keys.start();
    const key = findNow(keys, 'key-1');
    await server.close();
    clock.advance(HOUR_MS - 1);
    expect(count('auth.keys.stale')).toBe(0);
    clock.advance(1);
    expect(findNow(keys, 'key-1')).toBe(key);
    expect(keys.status()[0]).toMatchObject({ isStale: true, keys: 1 });
    expect(await staleIssuers()).toBe(1);
    await expect.poll(() => count('auth.keys.failed')).toBeGreaterThan(0);
    clock.advance(2 * HOUR_MS - 1);
    expect(key.isTrusted()).toBe(true);
    expect(count('auth.keys.stale')).toBe(1);
    clock.advance(1);
    expect(key.isTrusted()).toBe(false);
    expect(count('auth.keys.expired')).toBe(1);
    expect(await staleIssuers()).toBe(0);
    await expect(find('key-1')).rejects.toEqual(UNAVAILABLE);
    server = await startJwksServer();
  });

  test('recovery needs nobody: the next refresh makes the keys fresh again', async () => {
    const { keys, count, staleIssuers } = open();
    await keys.start();
    const key = findNow(keys, 'key-1');
    server.answer(() => undefined);
    clock.advance(HOUR_MS);
    expect(await staleIssuers()).toBe(1);
    await expect.poll(() => count('auth.keys.failed')).toBe(1);
    server.publish([one, two], MAX_AGE_1_H);
    clock.advance(1_000);
    await expect.poll(() => count('auth.keys.fetched')).toBe(2);
    expect(await staleIssuers()).toBe(0);
    expect(findNow(keys, 'key-1')).toBe(key);
    expect(findNow(keys, 'key-2').isTrusted()).toBe(true);
  });

  test('[check 36] a 429 keeps the old keys and is not asked again before Retry-After, not even for an unknown key', async () => {
    const { keys, count } = open();
    await keys.start();
    fail(429, { 'retry-after': '120' });
    clock.advance(REFRESH_MS);
    await expect.poll(() => count('auth.keys.failed')).toBe(1);
    clock.advance(119_999);
    expect(() => keys.find(ISSUER, 'nobody')).toThrow(UNKNOWN);
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
    expect(server.requests()).toBe(2);
    server.publish([one]);
    clock.advance(6_001);
    await expect.poll(() => count('auth.keys.fetched')).toBe(2);
  });

  test('a Retry-After of a year is granted an hour', async () => {
    fail(429, { 'retry-after': '31536000' });
    const { keys, count } = open();
    await keys.start();
    server.publish([one]);
    clock.advance(1.05 * HOUR_MS);
    await expect.poll(() => count('auth.keys.fetched')).toBe(1);
  });

  test.each([0, 0.999])(
    'a day of it costs 600 fetches at most (random %d), and with a flood one more a cool-down',
    async (random) => {
      let fetches = 0;
      const refuse = () => {
        fetches += 1;
        return Promise.reject(new TypeError('fetch failed'));
      };
      const { keys, find } = open({}, { fetch: refuse, random: () => random });
      await keys.start();
      const day = async (each: () => void) => {
        fetches = 0;
        for (let second = 0; second < 86_400; second += 5) {
          clock.advance(5_000);
          each();
          await new Promise(setImmediate);
        }
        return fetches;
      };
      const quiet = await day(() => undefined);
      expect(quiet).toBeGreaterThan(250);
      expect(quiet).toBeLessThanOrEqual(600);
      const flooded = await day(() => void find('invented').catch(() => undefined));
      expect(flooded).toBeGreaterThan(quiet);
      expect(flooded).toBeLessThanOrEqual(600 + 86_400 / 30);
    },
  );

  test('one issuer that hangs keeps no other from being found', async () => {
    const hanging = await startJwksServer();
    hanging.answer(() => undefined);
    const other = { issuer: 'https://other.test', jwksUri: hanging.url };
    const { keys } = open({ issuers: [other, { issuer: ISSUER, jwksUri: server.url }] });
    const started = keys.start();
    await expect.poll(() => keys.status()[1]?.keys).toBe(1);
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
    clock.advance(10_000);
    await started;
    expect(() => keys.find(other.issuer, 'key-1')).toThrow(UNAVAILABLE);
    await hanging.close();
  });

  test('close calls a running fetch off, leaves no timer, and nothing is fetched after it', async () => {
    server.answer(() => undefined);
    const { keys, count } = open();
    const started = keys.start();
    await expect.poll(server.requests).toBe(1);
    await keys.close();
    await started;
    await keys.close();
    expect(clock.pending()).toBe(0);
    expect(count('auth.keys.failed')).toBe(0);
    expect(() => keys.find(ISSUER, 'key-1')).toThrow(UNAVAILABLE);
    expect(server.requests()).toBe(1);
  });
});

describe('files', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'issuer-keys-'));
    file = join(folder, 'keys.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function runOnce(): Promise<void> {
    const { keys } = open({ snapshotFile: file });
    await keys.start();
    await keys.close();
  }

  test('a snapshot lets a restart during an outage serve at once, with the age the keys have', async () => {
    await runOnce();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    fail();
    clock.advance(2 * HOUR_MS);
    const { keys, count } = open({ snapshotFile: file });
    await keys.start();
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
    expect(keys.status()[0]).toMatchObject({ keys: 1, isStale: true, ageMs: 2 * HOUR_MS });
    expect(count('auth.keys.stale')).toBe(1);
  });

  test('a snapshot is not told of as stale when the first fetch succeeds, and withdraws its key', async () => {
    await runOnce();
    server.publish([two], MAX_AGE_1_H);
    clock.advance(2 * HOUR_MS);
    const { keys, count } = open({ snapshotFile: file });
    await keys.start();
    expect(count('auth.keys.stale')).toBe(0);
    expect(findNow(keys, 'key-2').isTrusted()).toBe(true);
    expect(keys.status()[0]?.keys).toBe(1);
    await keys.close();
    const loaded = await loadSnapshot(file);
    expect(JSON.stringify(loaded)).not.toContain('key-1');
  });

  test('a snapshot beyond the stale time is not used, and one from the future is as old as now', async () => {
    await runOnce();
    fail();
    clock.advance(25 * HOUR_MS + 1);
    const late = open({ snapshotFile: file });
    await late.keys.start();
    expect(() => late.keys.find(ISSUER, 'key-1')).toThrow(UNAVAILABLE);
    clock = createFakeClock(1_000_000_000_000);
    const early = open({ snapshotFile: file });
    await early.keys.start();
    clock.advance(25 * HOUR_MS - 1);
    const key = findNow(early.keys, 'key-1');
    expect(key.isTrusted()).toBe(true);
    clock.advance(1);
    expect(key.isTrusted()).toBe(false);
  });

  test('a snapshot of an issuer that is no longer configured, or from another address, is not used', async () => {
    await runOnce();
    const elsewhere = await startJwksServer();
    const issuers = [{ issuer: ISSUER, jwksUri: elsewhere.url }];
    const { keys } = open({ snapshotFile: file, issuers });
    await keys.start();
    expect(() => keys.find(ISSUER, 'key-1')).toThrow(UNAVAILABLE);
    await elsewhere.close();
  });

  test('a snapshot that is corrupt or everybody’s to write is told of and not used; the fetch goes on', async () => {
    await runOnce();
    await chmod(file, 0o666);
    const writable = open({ snapshotFile: file });
    await writable.keys.start();
    expect(writable.count('auth.keys.snapshot')).toBe(1);
    await writable.keys.close();
    await writeFile(file, '{"version":1,');
    const corrupt = open({ snapshotFile: file });
    await corrupt.keys.start();
    expect(corrupt.count('auth.keys.snapshot')).toBe(1);
    expect(findNow(corrupt.keys, 'key-1').isTrusted()).toBe(true);
  });

  test('a snapshot that cannot be written is told of, and the keys serve', async () => {
    const { keys, count } = open({ snapshotFile: join(folder, 'missing', 'keys.json') });
    await keys.start();
    await expect.poll(() => count('auth.keys.snapshot')).toBe(1);
    expect(findNow(keys, 'key-1').isTrusted()).toBe(true);
  });

  test('pinned keys come from their file, follow it when it changes, and ask nobody', async () => {
    await writeFile(file, JSON.stringify({ keys: [one] }));
    const issuers = [{ issuer: ISSUER, jwksUri: server.url, pinnedFile: file }];
    const { keys, count, find } = open({ issuers });
    await keys.start();
    const old = findNow(keys, 'key-1');
    await writeFile(file, JSON.stringify({ keys: [two] }));
    clock.advance(5 * MINUTE_MS);
    await expect.poll(() => count('auth.keys.fetched')).toBe(2);
    expect(old.isTrusted()).toBe(false);
    expect(findNow(keys, 'key-2').isTrusted()).toBe(true);
    await expect(find('key-1')).rejects.toEqual(UNKNOWN);
    expect(server.requests()).toBe(0);
  });

  test.each([
    ['is missing', undefined, 'file'],
    ['holds no set', 'keys', 'malformed'],
    ['is too large', ' '.repeat(256 * 1024 + 1), 'too-large'],
  ])('a pinned file that %s leaves the issuer without keys', async (_name, text, outcome) => {
    if (text !== undefined) await writeFile(file, text);
    const issuers = [{ issuer: ISSUER, jwksUri: server.url, pinnedFile: file }];
    const { keys, outcomes } = open({ issuers });
    await keys.start();
    expect(await outcomes()).toEqual({ [outcome]: 1 });
    expect(() => keys.find(ISSUER, 'key-1')).toThrow(UNAVAILABLE);
    expect(server.requests()).toBe(0);
  });
});

describe('misuse', () => {
  const entry = { issuer: ISSUER, jwksUri: 'https://broker.test/keys' };
  test.each<[string, Partial<IssuerKeysOptions>]>([
    ['no issuer', { issuers: [] }],
    ['an issuer twice', { issuers: [entry, entry] }],
    ['plain http to another machine', { issuers: [{ ...entry, jwksUri: 'http://broker.test' }] }],
    [
      'a name that begins like the loopback',
      { issuers: [{ ...entry, jwksUri: 'http://127.0.0.1.test' }] },
    ],
    ['no address', { issuers: [{ ...entry, jwksUri: 'keys' }] }],
    ['bounds that cross', { minTtlMs: 2, maxTtlMs: 1 }],
    ['a limit that is no number', { staleMs: Number.NaN }],
  ])('%s is a TypeError', (_name, options) => {
    expect(() => open({ issuers: [entry], ...options })).toThrow(TypeError);
  });
});
