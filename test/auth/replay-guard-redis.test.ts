import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ReplayGuardOptions } from '../../src/auth/create-replay-guard.ts';
import { createRedisReplayStore } from '../../src/stores/redis-replay-store.ts';
import { generationOf, NOW_MS } from '../contracts/replay-store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { createReplayRig } from './replay-rig.ts';

let server: RedisServer;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  server = await startRedisServer();
});
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
  await server.kill();
});

/** A replica: a guard with its own memory and its own connection to the one Redis. */
function createReplica(options: Partial<ReplayGuardOptions> = {}, clock = createFakeClock(NOW_MS)) {
  const shared = createRedisReplayStore({ url: server.url, commandTimeoutMs: 100 });
  const rig = createReplayRig(options, { clock, shared });
  closers.push(() => rig.guard.close());
  return {
    ...rig,
    /** Lets time pass until the replica has found the store again. */
    untilRecovered: () =>
      expect
        .poll(
          () => {
            clock.advance(500);
            return rig.valueOf('replayStoreDegraded');
          },
          { timeout: 5000 },
        )
        .toBe(0),
  };
}

describe('two replicas that share a Redis', () => {
  it('[check 32] agree within a second on what is retired, in both directions', async () => {
    const clock = createFakeClock(NOW_MS);
    const [one, other] = [createReplica({}, clock), createReplica({}, clock)];
    for (const replica of [one, other])
      expect(await replica.admit(generationOf(1))).toBe('admitted');
    for (const index of [2, 3]) expect(await one.admit(generationOf(index))).toBe('admitted');
    clock.advance(1000);
    expect(await other.admit(generationOf(1))).toBe('ERR_AUTH_SUPERSEDED');
    expect(await other.admit(generationOf(2))).toBe('admitted');
    expect(await other.admit(generationOf(4))).toBe('admitted');
    clock.advance(1000);
    expect(await one.admit(generationOf(2))).toBe('ERR_AUTH_SUPERSEDED');
    expect(await one.admit(generationOf(3))).toBe('admitted');
  });

  it('[check 31] admit one token 1,000 times in a row, at once after the first', async () => {
    const { guard, admit } = createReplica();
    const uses = await Promise.all(Array.from({ length: 50 }, () => admit(generationOf(1))));
    expect(new Set(uses)).toEqual(new Set(['admitted']));
    for (let use = 0; use < 1000; use++) expect(guard.admit(generationOf(1))).toBeUndefined();
  });

  it('admit an id of single use once between them', async () => {
    const options = { policy: 'single-use', onStoreFailure: 'refuse' } as const;
    const [one, other] = [createReplica(options), createReplica(options)];
    const words = await Promise.all(
      [one, other, one, other].map(({ admit }) => admit(generationOf(1))),
    );
    expect(words.filter((word) => word === 'admitted')).toHaveLength(1);
  });
});

describe('a replica whose Redis dies and comes back', () => {
  it('loses no call under `local`, and lets nothing retired back in', async () => {
    const clock = createFakeClock(NOW_MS);
    const [one, other] = [createReplica({}, clock), createReplica({}, clock)];
    const identities = Array.from({ length: 20 }, (_, index) => `identity-${index}`);
    const admitAll = async (index: number) => {
      const words = await Promise.all(
        identities.flatMap((identity) =>
          [one, other].flatMap(({ admit }) =>
            [1, 2, 3, 4, 5].map(() => admit(generationOf(index, { identity }))),
          ),
        ),
      );
      return [...new Set(words)];
    };
    for (const index of [1, 2, 3]) expect(await admitAll(index)).toEqual(['admitted']);

    const dying = server.kill();
    clock.advance(1000);
    expect(await admitAll(3)).toEqual(['admitted']);
    await dying;
    clock.advance(1000);
    expect(await admitAll(3)).toEqual(['admitted']);
    expect(await admitAll(2)).toEqual(['admitted']);
    expect(await admitAll(1)).toEqual(['ERR_AUTH_SUPERSEDED']);
    expect(await admitAll(4)).toEqual(['admitted']);
    expect(await admitAll(2)).toEqual(['ERR_AUTH_SUPERSEDED']);
    for (const { valueOf, log } of [one, other]) {
      expect(await valueOf('replayStoreDegraded')).toBe(1);
      expect(await valueOf('replayStoreFailures')).toBeGreaterThan(0);
      expect(log.events()).toEqual(['auth.replay.degraded']);
    }

    await server.start();
    await Promise.all([one.untilRecovered(), other.untilRecovered()]);
    clock.advance(1000);
    for (const index of [1, 2]) expect(await admitAll(index)).toEqual(['ERR_AUTH_SUPERSEDED']);
    for (const index of [3, 4]) expect(await admitAll(index)).toEqual(['admitted']);
    for (const { log } of [one, other])
      expect(log.events()).toEqual(['auth.replay.degraded', 'auth.replay.recovered']);
  });

  it('teaches the empty Redis, so that a replica that has just started knows too', async () => {
    const one = createReplica({ overlapMs: 2000 });
    for (const index of [1, 3]) await one.admit(generationOf(index));
    one.clock.advance(2000);
    await server.kill();
    await server.start();
    await one.admit(generationOf(3));
    await one.untilRecovered();
    one.clock.advance(1000);
    expect(await one.admit(generationOf(3))).toBe('admitted');

    const fresh = createReplica({ overlapMs: 2000 }, one.clock);
    for (const index of [1, 2])
      expect(await fresh.admit(generationOf(index))).toBe('ERR_AUTH_SUPERSEDED');
    expect(await fresh.admit(generationOf(3))).toBe('admitted');
  });

  it('knows during the outage what others retired before it', async () => {
    const clock = createFakeClock(NOW_MS);
    const [one, other] = [createReplica({}, clock), createReplica({}, clock)];
    for (const index of [1, 2, 3]) await one.admit(generationOf(index));
    await other.admit(generationOf(3));
    await server.kill();
    expect(await other.admit(generationOf(1))).toBe('ERR_AUTH_SUPERSEDED');
    expect(await other.admit(generationOf(2))).toBe('admitted');
  });

  it('does not wait for a Redis that is frozen, but for the first question', async () => {
    const replica = createReplica();
    await replica.admit(generationOf(1));
    server.freeze();
    expect(await replica.admit(generationOf(2))).toBe('admitted');
    expect(replica.guard.admit(generationOf(3))).toBeUndefined();
    replica.clock.advance(1000);
    expect(await replica.admit(generationOf(1))).toBe('ERR_AUTH_SUPERSEDED');
    server.thaw();
    await replica.untilRecovered();
  });

  it('refuses under `refuse` within a second, and admits again by itself', async () => {
    const replica = createReplica({ onStoreFailure: 'refuse' });
    await replica.admit(generationOf(1));
    await server.kill();
    expect(await replica.admit(generationOf(2))).toBe('ERR_AUTH_REPLAY_STORE_UNAVAILABLE');
    replica.clock.advance(1000);
    expect(await replica.admit(generationOf(1))).toBe('ERR_AUTH_REPLAY_STORE_UNAVAILABLE');
    expect(await replica.valueOf('replayStoreDegraded')).toBe(1);
    await server.start();
    await replica.untilRecovered();
    expect(await replica.admit(generationOf(1))).toBe('admitted');
    expect(replica.log.events()).toEqual(['auth.replay.degraded', 'auth.replay.recovered']);
  });

  it('does not admit an id of single use again after the outage', async () => {
    const replica = createReplica({ policy: 'single-use', onStoreFailure: 'local' });
    await replica.admit(generationOf(1));
    await server.kill();
    expect(await replica.admit(generationOf(1))).toBe('ERR_AUTH_TOKEN_ID_REUSED');
    expect(await replica.admit(generationOf(2))).toBe('admitted');
    await server.start();
    await replica.untilRecovered();
    for (const index of [1, 2])
      expect(await replica.admit(generationOf(index))).toBe('ERR_AUTH_TOKEN_ID_REUSED');
  });

  it('stops trying when it is closed', async () => {
    const replica = createReplica();
    await server.kill();
    await replica.admit(generationOf(1));
    expect(replica.clock.pending()).toBe(1);
    await replica.guard.close();
    await replica.guard.close();
    expect(replica.clock.pending()).toBe(0);
  });
});
