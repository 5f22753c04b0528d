import type { Clock } from '../../src/core/clock.ts';

/** A clock that stands still until a test moves it; timers that fall due run synchronously, in order. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** Timers that are set and have not fired. */
  readonly pending: () => number;
}

export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let now = startMs;
  const timers = new Set<{ readonly dueMs: number; readonly action: () => void }>();
  return {
    now: () => now,
    setTimer(delayMs, action) {
      const timer = { dueMs: now + delayMs, action };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers]
          .filter((timer) => timer.dueMs <= end)
          .sort((a, b) => a.dueMs - b.dueMs)[0];
        if (due === undefined) break;
        timers.delete(due);
        now = due.dueMs;
        due.action();
      }
      now = end;
    },
    pending: () => timers.size,
  };
}
