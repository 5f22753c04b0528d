import { abortable } from '../../core/abort.ts';
import type { Clock, Timer } from '../../core/clock.ts';

/** How often a watch looks whether it may begin, in milliseconds. */
const LOOK_MS = 100;

/** A limit to a wait. */
export interface Watch {
  /** Resolves when the wait was too long; never, once cancelled. */
  readonly late: Promise<'late'>;
  cancel(): void;
}

/**
 * Watches a wait.
 *
 * @param isWatching Whether the wait counts yet: it does not while the caller still speaks.
 * @param limitMs The longest wait from then on, in milliseconds.
 */
export function createWatch(clock: Clock, isWatching: () => boolean, limitMs: number): Watch {
  let timer: Timer | undefined;
  const late = new Promise<'late'>((resolve) => {
    const look = (): void => {
      timer = isWatching()
        ? clock.setTimer(limitMs, () => resolve('late'))
        : clock.setTimer(LOOK_MS, look);
    };
    look();
  });
  return { late, cancel: () => timer?.cancel() };
}

/**
 * Waits.
 *
 * @throws {AbortError} When `signal` fired.
 */
export async function delay(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let timer: Timer | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = clock.setTimer(ms, resolve);
  });
  try {
    await abortable(passed, signal);
  } finally {
    timer?.cancel();
  }
}
