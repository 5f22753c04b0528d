import { describe, expect, it } from 'vitest';

import { createVirtualClock } from '../../src/core/virtual-clock.ts';

describe('virtual-clock', () => {
  it('fires timers in the order in which they are due, and lets each settle before the next', async () => {
    const clock = createVirtualClock(1_000);
    const seen: string[] = [];
    const note = (what: string) => seen.push(`${what} ${clock.now()}`);
    clock.setTimer(20, () => note('later'));
    const cancelled = clock.setTimer(15, () => note('never'));
    clock.setTimer(10, () => {
      note('first');
      queueMicrotask(() => {
        note('settled');
        clock.setTimer(-5, () => note('at once'));
        cancelled.cancel();
      });
    });
    clock.setTimer(31, () => note('not yet'));
    await clock.runTo(1_030);
    expect(seen).toEqual(['first 1010', 'settled 1010', 'at once 1010', 'later 1020']);
    await clock.runTo(1_000);
    expect(clock.now()).toBe(1_030);
  });
});
