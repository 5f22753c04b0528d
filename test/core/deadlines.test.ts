import { describe, expect, it } from 'vitest';

import { createDeadlines } from '../../src/core/deadlines.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function createRig() {
  const clock = createFakeClock();
  const due: string[] = [];
  return { clock, due, deadlines: createDeadlines<string>(clock, 100, (item) => due.push(item)) };
}

describe('deadlines', () => {
  it('give each item its own time, with one timer for all', () => {
    const { clock, due, deadlines } = createRig();
    deadlines.add('a');
    clock.advance(40);
    deadlines.add('b');
    deadlines.add('c');
    expect(clock.pending()).toBe(1);
    clock.advance(60);
    expect(due).toEqual(['a']);
    clock.advance(39);
    expect(due).toEqual(['a']);
    clock.advance(1);
    expect(due).toEqual(['a', 'b', 'c']);
    expect(clock.pending()).toBe(0);
  });

  it('forget what is over before its time, and what is added twice runs on', () => {
    const { clock, due, deadlines } = createRig();
    deadlines.add('a');
    deadlines.add('b');
    clock.advance(50);
    deadlines.add('b');
    deadlines.delete('a');
    clock.advance(50);
    expect(due).toEqual(['b']);
  });

  it('are kept though the clock was set back, and for what is added when one is due', () => {
    const clock = createFakeClock();
    let behindMs = 0;
    const due: string[] = [];
    const deadlines = createDeadlines<string>(
      { ...clock, now: () => clock.now() - behindMs },
      100,
      (item) => {
        due.push(item);
        if (item === 'a') deadlines.add('again');
      },
    );
    deadlines.add('a');
    behindMs = 3_600_000;
    clock.advance(100);
    expect(due).toEqual(['a']);
    clock.advance(100);
    expect(due).toEqual(['a', 'again']);
  });

  it('are over when they are closed', () => {
    const { clock, due, deadlines } = createRig();
    deadlines.add('a');
    deadlines.close();
    clock.advance(200);
    expect(due).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});
