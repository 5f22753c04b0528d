import { describe, expect, it } from 'vitest';

import { EXPIRY_MARGIN_MS } from '../../src/auth/rotate-generation.ts';
import { createMemoryReplayStore } from '../../src/stores/memory-replay-store.ts';
import { generationOf, NOW_MS, testReplayStore } from '../contracts/replay-store.ts';

testReplayStore('memory', () => createMemoryReplayStore());

const UNAVAILABLE = expect.objectContaining({ code: 'ERR_AUTH_REPLAY_STORE_UNAVAILABLE' });
const AT_NOW = { nowMs: NOW_MS, overlapMs: undefined };

describe('a replay memory without room', () => {
  it('forgets the identity that was used least recently, and says so', () => {
    const store = createMemoryReplayStore({ maxIdentities: 2 });
    const ask = (identity: string) => store.rotate(generationOf(1, { identity }), AT_NOW);
    ask('a');
    ask('b');
    ask('a');
    expect(ask('c')).toMatchObject({ decision: 'current', forgotten: 1 });
    expect(store.recall('b', NOW_MS)).toBeUndefined();
    expect(ask('a')).toMatchObject({ decision: 'known', forgotten: 0 });
  });

  it('refuses a new identity instead when told so, and goes on with those it knows', () => {
    const store = createMemoryReplayStore({ maxIdentities: 1, whenFull: 'refuse' });
    store.rotate(generationOf(1), AT_NOW);
    expect(() => store.rotate(generationOf(1, { identity: 'b' }), AT_NOW)).toThrow(UNAVAILABLE);
    expect(store.rotate(generationOf(2), AT_NOW).decision).toBe('current');
  });

  it('gives the room of expired identities away without forgetting', () => {
    const store = createMemoryReplayStore({ maxIdentities: 1, whenFull: 'refuse' });
    const { expiresAtMs } = generationOf(1);
    store.rotate(generationOf(1), AT_NOW);
    const nowMs = expiresAtMs + EXPIRY_MARGIN_MS;
    const other = generationOf(2, { identity: 'b', expiresAtMs: nowMs + 1 });
    expect(store.rotate(other, { nowMs, overlapMs: 0 })).toMatchObject({ forgotten: 0 });
  });

  it('forgets or refuses ids of single use in the same way', () => {
    const forgetting = createMemoryReplayStore({ maxTokenIds: 2 });
    for (const index of [1, 2]) forgetting.useOnce(generationOf(index), NOW_MS);
    expect(forgetting.useOnce(generationOf(3), NOW_MS)).toEqual({
      decision: 'first-use',
      forgotten: 1,
    });
    expect(forgetting.useOnce(generationOf(2), NOW_MS).decision).toBe('token-id-reused');

    const refusing = createMemoryReplayStore({ maxTokenIds: 1, whenFull: 'refuse' });
    const early = generationOf(1, { expiresAtMs: NOW_MS });
    refusing.useOnce(early, NOW_MS);
    expect(() => refusing.useOnce(generationOf(2), NOW_MS)).toThrow(UNAVAILABLE);
    const laterMs = NOW_MS + EXPIRY_MARGIN_MS;
    expect(refusing.useOnce(generationOf(2), laterMs).decision).toBe('first-use');
  });

  it('finds expired ids behind one that lives long', () => {
    const store = createMemoryReplayStore({ maxTokenIds: 2, whenFull: 'refuse' });
    store.useOnce(generationOf(1), NOW_MS);
    store.useOnce(generationOf(2, { expiresAtMs: NOW_MS }), NOW_MS);
    const laterMs = NOW_MS + EXPIRY_MARGIN_MS;
    expect(store.useOnce(generationOf(3), laterMs).decision).toBe('first-use');
    expect(store.useOnce(generationOf(1), laterMs).decision).toBe('token-id-reused');
  });
});
