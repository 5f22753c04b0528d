import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ConversationStore } from '../../src/conversation/conversation-store.ts';
import { createRedisConversationStore } from '../../src/stores/redis-conversation-store.ts';
import { testConversationStore } from '../contracts/conversation-store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

let server: RedisServer;
let client: Redis;
let stores = 0;

beforeAll(async () => {
  server = await startRedisServer();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.kill();
});

function openStore(
  replicaId: string,
  keyPrefix: string,
  options: Partial<Parameters<typeof createRedisConversationStore>[0]> = {},
): ConversationStore {
  return createRedisConversationStore(
    { url: server.url, keyPrefix, ttlMs: 60_000, ...options },
    { replicaId, address: () => `${replicaId}.test:1` },
  );
}

testConversationStore('Redis', {
  async open(count) {
    const keyPrefix = `test-${stores++}:`;
    const opened = Array.from({ length: count }, (_, index) =>
      openStore(`replica-${index}`, keyPrefix, { youngMs: 0 }),
    );
    await Promise.all(opened.map((store) => store.beat()));
    return opened;
  },
  forget: async () => void (await client.flushall()),
});

describe('conversations in Redis', () => {
  it('are forgotten by themselves, and name no conversation in their keys', async () => {
    const store = openStore('one', 'ttl:', { youngMs: 0 });
    await store.beat();
    const claim = await store.claim('organisation secret-conversation');
    if (claim.type !== 'ours') throw new Error('not ours');
    await store.save(claim.lease, 'kept');
    const keys = await client.keys('ttl:*');
    expect(keys).toHaveLength(3);
    for (const key of keys) {
      expect(key).not.toContain('secret-conversation');
      if (key !== 'ttl:conversations-since') expect(await client.pttl(key)).toBeGreaterThan(0);
    }
    await store.close();
  });

  it('are lost by a replica that is silent for longer than its heartbeat counts', async () => {
    const silent = openStore('silent', 'beat:', { heartbeatTtlMs: 40, youngMs: 0 });
    const other = openStore('other', 'beat:', { youngMs: 0 });
    await Promise.all([silent.beat(), other.beat()]);
    const held = await silent.claim('key');
    if (held.type !== 'ours') throw new Error('not ours');
    await expect.poll(() => other.claim('key')).toMatchObject({ type: 'ours' });
    expect(await silent.release(held.lease, 'late')).toBe(false);
    await Promise.all([silent.close(), other.close()]);
  });

  it('fail in time while the server is frozen or dead, and are there when it is back', async () => {
    const own = await startRedisServer();
    const store = createRedisConversationStore(
      { url: own.url, ttlMs: 60_000, commandTimeoutMs: 50, youngMs: 0 },
      { replicaId: 'one', address: () => 'one.test:1' },
    );
    const unavailable = { code: 'ERR_STORE_UNAVAILABLE' };
    try {
      await store.beat();
      own.freeze();
      await expect(store.claim('key')).rejects.toMatchObject(unavailable);
      own.thaw();
      await expect.poll(() => store.claim('key')).toMatchObject({ type: 'ours' });
      await own.kill();
      await expect(store.claim('key')).rejects.toMatchObject(unavailable);
      await own.start();
      await expect.poll(() => store.beat().catch(() => ''), { timeout: 5_000 }).not.toBe('');
      await expect
        .poll(() => store.claim('key').catch(() => undefined))
        .toMatchObject({ type: 'ours', record: undefined });
    } finally {
      await store.close();
      await own.kill();
    }
  });

  it('are not believed to be unknown by a Redis that has just been started', async () => {
    const store = openStore('one', 'young:', { youngMs: 300 });
    expect(await store.claim('key')).toEqual({ type: 'unsure' });
    const memory = await store.beat();
    expect(await store.claim('key')).toEqual({ type: 'unsure' });
    expect(await store.claim('begins', { begins: true })).toMatchObject({ type: 'ours' });
    await expect.poll(() => store.claim('key')).toMatchObject({ type: 'ours' });
    expect(await store.beat()).toBe(memory);
    await client.del('young:conversations-since');
    expect(await store.beat()).not.toBe(memory);
    await store.close();
  });
});
