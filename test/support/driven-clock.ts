import { type Clock, type Timer, createScaledClock } from '../../src/core/clock.ts';

/** A clock that runs by itself and can be sent ahead. */
export interface DrivenClock extends Clock {
  /**
   * Jumps `ms` ahead, as a machine does that wakes up from sleep: what has fallen due fires at once, in order, and what that
   * sets counts from the new time.
   */
  skip(ms: number): void;
}

interface Waiting {
  readonly dueMs: number;
  readonly action: () => void;
  alarm: Timer;
}

/** For tests of a whole gateway in which hours pass while real connections are open; `speed` as in `createScaledClock`. */
export function createDrivenClock(speed = 1): DrivenClock {
  const running = createScaledClock(speed);
  const timers = new Set<Waiting>();
  let skippedMs = 0;
  const now = (): number => running.now() + skippedMs;
  const fire = (timer: Waiting): void => {
    if (!timers.delete(timer)) return;
    timer.alarm.cancel();
    timer.action();
  };
  const arm = (timer: Waiting): void => {
    timer.alarm.cancel();
    timer.alarm = running.setTimer(Math.max(0, timer.dueMs - now()), () => fire(timer));
  };
  return {
    now,
    setTimer(delayMs, action) {
      const timer: Waiting = {
        dueMs: now() + delayMs,
        action,
        alarm: { cancel: () => undefined },
      };
      timers.add(timer);
      arm(timer);
      return {
        cancel() {
          timers.delete(timer);
          timer.alarm.cancel();
        },
      };
    },
    skip(ms) {
      skippedMs += ms;
      const before = [...timers].sort((a, b) => a.dueMs - b.dueMs);
      for (const timer of before) {
        if (timer.dueMs <= now()) fire(timer);
        else if (timers.has(timer)) arm(timer);
      }
    },
  };
}
