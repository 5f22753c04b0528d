import type { Clock } from './clock.ts';

/** A clock that stands still until it is moved, for a past that is lived through again. */
export interface VirtualClock extends Clock {
  /** Moves on to `atMs`; timers fire in the order in which they are due, and what each sets off settles before the next. */
  runTo(atMs: number): Promise<void>;
}

interface Waiting {
  readonly dueMs: number;
  readonly action: () => void;
}

/** Creates a clock that shows `startMs`, in milliseconds since the Unix epoch. */
export function createVirtualClock(startMs: number): VirtualClock {
  let now = startMs;
  const timers = new Set<Waiting>();
  const nextDue = (untilMs: number): Waiting | undefined => {
    let next: Waiting | undefined;
    for (const timer of timers)
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    return next;
  };
  return {
    now: () => now,
    setTimer(delayMs, action) {
      const timer = { dueMs: now + Math.max(delayMs, 0), action };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async runTo(atMs) {
      for (let due = nextDue(atMs); due !== undefined; due = nextDue(atMs)) {
        timers.delete(due);
        now = Math.max(now, due.dueMs);
        due.action();
        await settled();
      }
      now = Math.max(now, atMs);
    },
  };
}

/** Resolves when everything is done that waits for nothing but its turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
