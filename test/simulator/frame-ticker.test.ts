import { describe, expect, test } from 'vitest';

import { type TickSource, createFrameTickers } from '../../src/simulator/frame-ticker.ts';

/** Time that moves when told; `lateBy` makes every timer late. */
function createTime(): TickSource & {
  run(ms: number, lateBy?: number): void;
  readonly pending: () => number;
} {
  let now = 1000;
  let timers: { dueMs: number; action: () => void }[] = [];
  return {
    now: () => now,
    after: (delayMs, action) => void timers.push({ dueMs: now + delayMs, action }),
    run(ms, lateBy = 0) {
      const end = now + ms;
      for (;;) {
        const next = timers.sort((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined || next.dueMs + lateBy > end) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.dueMs + lateBy);
        next.action();
      }
      now = end;
    },
    pending: () => timers.length,
  };
}

describe('a ticker', () => {
  test.each([
    [1, 0],
    [1, 7],
    [20, 3],
    [50, 0],
  ])('at speed %d with timers %d ms late keeps the mean rate true', (speed, lateBy) => {
    const time = createTime();
    let ticks = 0;
    createFrameTickers(time)(speed).join(() => ++ticks > 0);
    time.run(10_000, lateBy);
    expect(Math.abs(ticks - (10_000 / 20) * speed)).toBeLessThanOrEqual(
      1 + (speed * (lateBy + 1)) / 20,
    );
  });

  test('uses one timer for all calls and spreads them over the frame', () => {
    const time = createTime();
    const ticker = createFrameTickers(time)(1);
    const moments = new Set<number>();
    for (let i = 0; i < 100; i++)
      ticker.join(() => {
        moments.add(Math.round(time.now()) % 20);
        return true;
      });
    time.run(100);
    expect(moments.size).toBe(10);
    expect(time.pending()).toBe(1);
  });

  test('stops when the last call leaves and starts again with the next', () => {
    const time = createTime();
    const ticker = createFrameTickers(time)(1);
    let ticks = 0;
    ticker.join(() => ++ticks > 0)();
    time.run(1000);
    expect([ticks, time.pending()]).toEqual([0, 0]);
    ticker.join(() => ++ticks > 0);
    time.run(1000);
    expect(ticks).toBeGreaterThan(45);
  });

  test('does not make up for a long sleep of the machine', () => {
    const time = createTime();
    let ticks = 0;
    createFrameTickers(time)(1).join(() => ++ticks > 0);
    time.run(60_000, 59_000);
    expect(ticks).toBeLessThan(120);
  });

  test('at infinite speed goes round at once, and waits a little when nobody gets on', () => {
    const time = createTime();
    let ticks = 0;
    createFrameTickers(time)(Infinity).join(() => ++ticks < 1000);
    time.run(5);
    expect(ticks).toBeGreaterThanOrEqual(1000);
    expect(ticks).toBeLessThan(1010);
  });

  test('is the same for the same speed', () => {
    const tickers = createFrameTickers(createTime());
    expect(tickers(2)).toBe(tickers(2));
    expect(() => tickers(0)).toThrow(TypeError);
    expect(() => tickers(NaN)).toThrow(TypeError);
  });
});
