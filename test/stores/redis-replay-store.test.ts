import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { ReplayStore } from '../../src/auth/replay-store.ts';
import { createMemoryReplayStore } from '../../src/stores/memory-replay-store.ts';
import { createRedisReplayStore } from '../../src/stores/redis-replay-store.ts';
import { generationOf, NOW_MS, testReplayStore } from '../contracts/replay-store.ts';
import { startRedisServer, type RedisServer } from '../support/redis-server.ts';

let server: RedisServer;
let stores = 0;
const open: ReplayStore[] = [];

beforeAll(async () => {
  server = await startRedisServer();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
});
afterAll(() => server.kill());

function openStore(keyPrefix = `test-${stores++}:`): ReplayStore {
  const store = createRedisReplayStore({ url: server.url, keyPrefix });
  open.push(store);
  return store;
}

testReplayStore('Redis', () => openStore());

describe('the replay store in Redis', () => {
  it('decides as the memory does, whatever arrives when', async () => {
    const small = fc.nat(3);
    const arrivals = fc.array(
      fc.record({
        index: small,
        tokenId: small,
        expiry: small,
        afterMs: fc.constantFrom(0, 0, 1000, 4_000_000),
        isTaught: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, fc.constantFrom(undefined, 0, 1500), async (uses, overlapMs) => {
        const memory = createMemoryReplayStore({ maxIdentities: 1 });
        const redis = openStore();
        let nowMs = NOW_MS;
        for (const { index, tokenId, expiry, afterMs, isTaught } of uses) {
          nowMs += afterMs;
          const generation = generationOf(index >> 1, {
            tokenId: `id-${tokenId}`,
            tokenHash: `${index}-${tokenId}-${expiry}`,
            expiresAtMs: NOW_MS + 3_600_000 * (1 + expiry),
          });
          const known = isTaught ? memory.recall(generation.identity, nowMs) : undefined;
          const rotation = { nowMs, overlapMs, known };
          const answer = await redis.rotate(generation, rotation);
          expect(answer).toEqual(memory.rotate(generation, rotation));
        }
        await redis.close();
      }),
      { numRuns: 60 },
    );
  });

  it('[check 32] makes two replicas agree, in both directions', async () => {
    const [one, other] = [openStore('shared:'), openStore('shared:')];
    const ask = async (store: ReplayStore, index: number) =>
      (await store.rotate(generationOf(index), { nowMs: NOW_MS, overlapMs: undefined })).decision;
    expect(await ask(one, 1)).toBe('current');
    expect(await ask(other, 1)).toBe('known');
    expect(await ask(other, 2)).toBe('current');
    expect(await ask(one, 1)).toBe('previous');
    expect(await ask(one, 3)).toBe('current');
    expect(await ask(other, 1)).toBe('superseded');
    expect(await ask(one, 2)).toBe('previous');
    expect((await one.useOnce(generationOf(1), NOW_MS)).decision).toBe('first-use');
    expect((await other.useOnce(generationOf(1), NOW_MS)).decision).toBe('token-id-reused');
  });

  it('lets keys expire with the tokens, and keeps an identity on one node of a cluster', async () => {
    const store = openStore('expiry:');
    await store.rotate(generationOf(1), { nowMs: NOW_MS, overlapMs: undefined });
    await store.useOnce(generationOf(1), NOW_MS);
    const client = new Redis(server.url);
    try {
      const keys = (await client.keys('expiry:*')).sort();
      expect(keys).toEqual([
        expect.stringMatching(/^expiry:replay:\{[\w-]{43}\}$/u),
        expect.stringMatching(/^expiry:replay:\{[\w-]{43}\}:[\w-]{43}$/u),
      ]);
      for (const key of keys) {
        const lifeMs = await client.pttl(key);
        expect(lifeMs).toBeGreaterThan(3_800_000);
        expect(lifeMs).toBeLessThanOrEqual(3_900_000);
      }
    } finally {
      client.disconnect();
    }
  });

  it('takes lives and ids of any size', async () => {
    const store = openStore();
    const endless = generationOf(1, {
      tokenId: '\u0000}{\u{1f600}"'.repeat(500),
      expiresAtMs: 1e300,
    });
    const rotation = { nowMs: NOW_MS, overlapMs: undefined };
    expect((await store.rotate(endless, rotation)).decision).toBe('current');
    expect((await store.rotate(endless, rotation)).decision).toBe('known');
    expect((await store.useOnce(endless, NOW_MS)).decision).toBe('first-use');
    expect((await store.useOnce(endless, NOW_MS)).decision).toBe('token-id-reused');
  });

  it('does not pass for well while the server is full', async () => {
    const store = openStore();
    const client = new Redis(server.url);
    const unavailable = { code: 'ERR_AUTH_REPLAY_STORE_UNAVAILABLE' };
    const ask = async () => store.rotate(generationOf(1), { nowMs: NOW_MS, overlapMs: undefined });
    try {
      await client.config('SET', 'maxmemory', '1');
      await expect(ask()).rejects.toMatchObject(unavailable);
      await expect((async () => store.check())()).rejects.toMatchObject(unavailable);
      await client.config('SET', 'maxmemory', '0');
      await store.check();
      expect((await ask()).decision).toBe('current');
    } finally {
      await client.config('SET', 'maxmemory', '0');
      client.disconnect();
    }
  });

  it('fails in time while the server is frozen, dead or never was, and works when it is back', async () => {
    const own = await startRedisServer();
    const store = createRedisReplayStore({ url: own.url, commandTimeoutMs: 50 });
    const unavailable = { code: 'ERR_AUTH_REPLAY_STORE_UNAVAILABLE' };
    const ask = async () => store.useOnce(generationOf(1), NOW_MS);
    try {
      expect((await ask()).decision).toBe('first-use');
      own.freeze();
      const answers = await Promise.allSettled([ask(), ask(), store.check()]);
      for (const answer of answers)
        expect(answer).toMatchObject({ status: 'rejected', reason: unavailable });
      own.thaw();
      await expect.poll(ask).toMatchObject({ decision: 'token-id-reused' });
      await own.kill();
      await expect(ask()).rejects.toMatchObject(unavailable);
      await own.start();
      await expect.poll(ask, { timeout: 5000 }).toMatchObject({ decision: 'first-use' });
      await own.kill();
      const late = createRedisReplayStore({ url: own.url });
      await expect((async () => late.check())()).rejects.toMatchObject(unavailable);
      await late.close();
    } finally {
      await store.close();
      await own.kill();
    }
  });
});
