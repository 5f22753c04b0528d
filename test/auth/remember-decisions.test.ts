import { describe, expect, it } from 'vitest';

import { rememberDecisions } from '../../src/auth/remember-decisions.ts';
import type { RotationDecision } from '../../src/auth/replay-store.ts';
import { generationOf } from '../contracts/replay-store.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** A store whose answers the test gives. */
function createRig(maxDecisions = 10) {
  const clock = createFakeClock();
  const asked: {
    readonly answer: (decision: RotationDecision) => Promise<void>;
    readonly fail: () => Promise<void>;
  }[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  let atOnce: RotationDecision | undefined;
  const decide = rememberDecisions(
    () =>
      atOnce ??
      new Promise((resolve, reject) => {
        asked.push({
          answer: (decision) => (resolve(decision), settle()),
          fail: () => (reject(new Error('store')), settle()),
        });
      }),
    clock,
    { recheckMs: 1000, maxDecisions },
  );
  const rig = {
    clock,
    asked,
    decide: (index = 1) => decide(generationOf(index)),
    answerAtOnce: (decision: RotationDecision) => void (atOnce = decision),
    /** A decision of `known` that is new. */
    async warm() {
      const first = rig.decide();
      await asked[0]?.answer('known');
      await first;
    },
  };
  return rig;
}

describe('a memory of decisions', () => {
  it('answers at once from then on, and shares the first question', async () => {
    const { decide, asked, clock } = createRig();
    const waiting = [decide(), decide(), decide()];
    expect(asked).toHaveLength(1);
    await asked[0]?.answer('current');
    expect(await Promise.all(waiting.map(async (decision) => decision))).toEqual([
      'current',
      'current',
      'current',
    ]);
    clock.advance(499);
    expect(decide()).toBe('current');
    expect(asked).toHaveLength(1);
  });

  it('asks again in the second half of its time, once, while it still answers at once', async () => {
    const { decide, asked, clock, warm } = createRig();
    await warm();
    clock.advance(500);
    expect([decide(), decide()]).toEqual(['known', 'known']);
    expect(asked).toHaveLength(2);
    await asked[1]?.answer('superseded');
    expect(decide()).toBe('superseded');
  });

  it('uses no decision that is older than its time, however slow the store is', async () => {
    const { decide, asked, clock, warm } = createRig();
    await warm();
    clock.advance(999);
    expect(decide()).toBe('known');
    clock.advance(1);
    const late = decide();
    expect(late).toBeInstanceOf(Promise);
    expect(asked).toHaveLength(2);
    await asked[1]?.answer('superseded');
    expect(await late).toBe('superseded');
  });

  it('counts the age from the question, not from the answer', async () => {
    const { decide, asked, clock } = createRig();
    const first = decide();
    clock.advance(400);
    await asked[0]?.answer('known');
    await first;
    clock.advance(600);
    expect(decide()).toBeInstanceOf(Promise);
  });

  it('hides a failure while a decision holds, and passes it on when it has to wait', async () => {
    const { decide, asked, clock, warm } = createRig();
    await warm();
    clock.advance(600);
    expect(decide()).toBe('known');
    await asked[1]?.fail();
    expect(decide()).toBe('known');
    clock.advance(400);
    const late = decide();
    await Promise.all([expect(late).rejects.toThrow('store'), asked[2]?.fail()]);
    const next = decide();
    await asked[3]?.answer('known');
    expect(await next).toBe('known');
  });

  it('prefers an answer that comes at once, and does not keep it', async () => {
    const { decide, clock, warm, answerAtOnce } = createRig();
    await warm();
    answerAtOnce('superseded');
    expect(decide()).toBe('known');
    clock.advance(500);
    expect(decide()).toBe('superseded');
    answerAtOnce('known');
    expect(decide()).toBe('known');
  });

  it('forgets the least recently used', async () => {
    const { decide, asked } = createRig(1);
    for (const index of [0, 1]) {
      const first = decide(index);
      await asked[index]?.answer('known');
      await first;
    }
    expect(decide(1)).toBe('known');
    expect(decide(0)).toBeInstanceOf(Promise);
  });
});
