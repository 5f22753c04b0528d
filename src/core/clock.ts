/** A running timer. */
export interface Timer {
  /** Stops the timer; does nothing when it has fired or was stopped before. */
  cancel(): void;
}

/** Where the gateway gets the time from, so that tests and the demo can bend it. */
export interface Clock {
  /** The time, in milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `action` once after `delayMs`; the timer never keeps the process alive. */
  setTimer(delayMs: number, action: () => void): Timer;
}

/** The clock of the machine. */
export const systemClock: Clock = createScaledClock(1);

/**
 * Creates a clock that starts at the present and runs `speed` times as fast as the machine's.
 *
 * Used with a simulated caller that plays its audio at the same speed.
 */
export function createScaledClock(speed: number): Clock {
  const startedAt = Date.now();
  return {
    now: () => (speed === 1 ? Date.now() : startedAt + (Date.now() - startedAt) * speed),
    setTimer(delayMs, action) {
      const timer = setTimeout(action, delayMs / speed);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** Calls `action` again and again, `intervalMs` after it was called before, until it is closed. */
export function every(
  clock: Clock,
  intervalMs: number,
  action: () => void,
): { readonly close: () => void } {
  const run = (): void => {
    // First, so that an action that throws is called again, and one that closes ends it.
    timer = clock.setTimer(intervalMs, run);
    action();
  };
  let timer = clock.setTimer(intervalMs, run);
  return { close: () => timer.cancel() };
}
