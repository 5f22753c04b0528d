import { describe, expect, it } from 'vitest';

import { createStartQueue } from '../../../src/handlers/isolated/start-queue.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const settle = () => new Promise(setImmediate);

function createRig() {
  const clock = createFakeClock();
  const queue = createStartQueue(clock);
  const begun: number[] = [];
  const startedAtMs = clock.now();
  const enter = (takesMs: number, fails = false, isCalledOff = () => false) =>
    queue.enter(async () => {
      begun.push(clock.now() - startedAtMs);
      await new Promise<void>((resolve) => void clock.setTimer(takesMs, resolve));
      if (fails) throw new Error('cannot start');
      return takesMs;
    }, isCalledOff);
  const advance = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += 10) {
      clock.advance(10);
      await settle();
    }
  };
  return { begun, enter, advance };
}

describe('the queue of starts', () => {
  it('lets one start after another, and rests nine times as long as each took, whether it failed or not', async () => {
    const { begun, enter, advance } = createRig();
    const first = enter(100, true);
    const failure = expect(first).rejects.toThrow('cannot start');
    const others = [enter(50), enter(50)];
    await settle();
    await advance(3_000);
    await failure;
    expect(await Promise.all(others)).toEqual([50, 50]);
    expect(begun).toEqual([0, 1_000, 1_500]);
  });

  it('rests two seconds at most', async () => {
    const { begun, enter, advance } = createRig();
    const starts = [enter(1_000), enter(10)];
    await settle();
    await advance(4_000);
    await Promise.all(starts);
    expect(begun).toEqual([0, 3_000]);
  });

  it('passes over what was called off while it waited', async () => {
    const { begun, enter, advance } = createRig();
    const starts = [enter(100), enter(10, false, () => true), enter(10)];
    await settle();
    await advance(2_000);
    expect(await Promise.all(starts)).toEqual([100, undefined, 10]);
    expect(begun).toHaveLength(2);
  });
});
