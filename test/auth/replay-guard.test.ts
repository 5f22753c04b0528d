import { describe, expect, it } from 'vitest';

import { createMemoryReplayStore } from '../../src/stores/memory-replay-store.ts';
import { generationOf } from '../contracts/replay-store.ts';
import { createReplayRig } from './replay-rig.ts';

describe('the rotation policy', () => {
  it('[check 31] admits one token 1,000 times in a row and 50 times at once, without a promise', async () => {
    const { guard, admit } = createReplayRig();
    for (let use = 0; use < 1000; use++) expect(guard.admit(generationOf(1))).toBeUndefined();
    const uses = await Promise.all(Array.from({ length: 50 }, () => admit(generationOf(1))));
    expect(new Set(uses)).toEqual(new Set(['admitted']));
  });

  it('[check 32] admits a new token at once, and the old one until it expires', async () => {
    const { clock, admit } = createReplayRig();
    await admit(generationOf(1));
    expect(await admit(generationOf(2))).toBe('admitted');
    clock.advance(3_599_999);
    expect(await admit(generationOf(1))).toBe('admitted');
  });

  it('refuses the old token when the overlap has passed', async () => {
    const { clock, admit } = createReplayRig({ overlapMs: 60_000 });
    await admit(generationOf(1));
    await admit(generationOf(2));
    clock.advance(59_999);
    expect(await admit(generationOf(1))).toBe('admitted');
    clock.advance(1);
    expect(await admit(generationOf(1))).toBe('ERR_AUTH_SUPERSEDED');
    expect(await admit(generationOf(2))).toBe('admitted');
  });

  it('refuses another token with an id that was used', async () => {
    const { admit } = createReplayRig();
    await admit(generationOf(1));
    const reusing = generationOf(2, { tokenId: 'id-1' });
    expect(await admit(reusing)).toBe('ERR_AUTH_TOKEN_ID_REUSED');
    expect(await admit({ ...reusing, identity: 'other' })).toBe('admitted');
  });

  it('counts what it decides, and what the memory had to forget', async () => {
    const memory = createMemoryReplayStore({ maxIdentities: 1 });
    const { admit, metrics, valueOf } = createReplayRig({ overlapMs: 0 }, { memory });
    for (const index of [1, 2, 2, 1]) await admit(generationOf(index));
    await admit(generationOf(1, { identity: 'other' }));
    const { values } = await metrics.replayDecisions.get();
    expect(values.map(({ value, labels }) => [labels.policy, labels.decision, value])).toEqual([
      ['rotation', 'current', 3],
      ['rotation', 'superseded', 1],
    ]);
    expect(await valueOf('replayForgotten')).toBe(1);
  });
});

describe('the other policies', () => {
  it('[check 30] admit only registered ids under `registered`', async () => {
    const { admit } = createReplayRig(
      { policy: 'registered' },
      { isRegisteredTokenId: (identity, id) => identity === 'identity' && id === 'id-1' },
    );
    expect(await admit(generationOf(1))).toBe('admitted');
    expect(await admit(generationOf(1))).toBe('admitted');
    expect(await admit(generationOf(2))).toBe('ERR_AUTH_TOKEN_ID');
    expect(await admit(generationOf(1, { identity: 'other' }))).toBe('ERR_AUTH_TOKEN_ID');
  });

  it('need to know what is registered', () => {
    expect(() => createReplayRig({ policy: 'registered' })).toThrow(TypeError);
  });

  it('admit an id once under `single-use`', async () => {
    const { admit } = createReplayRig({ policy: 'single-use', onStoreFailure: 'refuse' });
    expect(await admit(generationOf(1))).toBe('admitted');
    expect(await admit(generationOf(1))).toBe('ERR_AUTH_TOKEN_ID_REUSED');
    expect(await admit(generationOf(1, { identity: 'other' }))).toBe('admitted');
  });

  it('refuse under `single-use` when the memory is full and may not forget', async () => {
    const memory = createMemoryReplayStore({ maxTokenIds: 1, whenFull: 'refuse' });
    const { admit } = createReplayRig({ policy: 'single-use' }, { memory });
    await admit(generationOf(1));
    expect(await admit(generationOf(2))).toBe('ERR_AUTH_REPLAY_STORE_UNAVAILABLE');
  });

  it('admit everything under `off`, and say so', async () => {
    const { guard, admit } = createReplayRig({ policy: 'off' });
    for (const index of [2, 1, 2]) expect(await admit(generationOf(index))).toBe('admitted');
    expect(guard.policy).toBe('off');
  });
});
