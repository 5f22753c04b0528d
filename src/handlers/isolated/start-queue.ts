import type { Clock } from '../../core/clock.ts';

/** Rest after a start, in multiples of the time it took: starts together take at most a tenth of the time. */
const REST_SHARE = 9;
/** A bot that loads for long mostly waits, and others must not wait for it in turn. */
const MAX_REST_MS = 2_000;

/** Who may start a thread: one at a time, for a start takes a processor that answers calls. */
export interface StartQueue {
  /** Runs `start` when it is its turn; `undefined` when it was called off before. */
  enter<T>(start: () => Promise<T>, isCalledOff: () => boolean): Promise<T | undefined>;
}

/**
 * Creates a queue that rests after each start, nine times as long as the start took and at most two seconds. It holds no more
 * than those who enter it: one a place of a worker.
 */
export function createStartQueue(clock: Clock): StartQueue {
  const waiting: (() => void)[] = [];
  let isBusy = false;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) isBusy = false;
    else next();
  };
  return {
    async enter(start, isCalledOff) {
      if (isBusy) await new Promise<void>((resolve) => void waiting.push(resolve));
      isBusy = true;
      if (isCalledOff()) {
        leave();
        return undefined;
      }
      const beganAtMs = clock.now();
      try {
        return await start();
      } finally {
        const restMs = Math.min((clock.now() - beganAtMs) * REST_SHARE, MAX_REST_MS);
        if (restMs > 0) clock.setTimer(restMs, leave);
        else leave();
      }
    },
  };
}
