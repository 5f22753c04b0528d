import { describe, expect, it } from 'vitest';

import { every } from '../../src/core/clock.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('what is done again and again', () => {
  it('goes on after it has thrown', () => {
    const clock = createFakeClock();
    let calls = 0;
    every(clock, 10, () => {
      calls += 1;
      if (calls === 1) throw new Error('once');
    });
    expect(() => clock.advance(10)).toThrow('once');
    clock.advance(20);
    expect(calls).toBeGreaterThan(1);
  });

  it('ends when it closes itself', () => {
    const clock = createFakeClock();
    let calls = 0;
    const running = every(clock, 10, () => {
      calls += 1;
      running.close();
    });
    clock.advance(100);
    expect([calls, clock.pending()]).toEqual([1, 0]);
  });
});
