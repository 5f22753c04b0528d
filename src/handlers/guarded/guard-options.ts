import { assertWithin } from '../../core/assert-within.ts';

/** Options of {@link compileGuardOptions}. */
export interface GuardOptions {
  /** Most answers that the bot gives at once, 1 to 100,000. Default 1,000: more than one process speaks. */
  readonly maxConcurrent?: number;
  /** Failed answers in a row after which the bot is left alone, 1 to 1,000. Default 5. */
  readonly failures?: number;
  /** How long it is left alone before one answer is tried, in milliseconds, 100 to 600,000. Default 5,000. */
  readonly retryAfterMs?: number;
  /** The same after trials that failed: twice as long each time, up to this. Default 60,000. */
  readonly maxRetryAfterMs?: number;
}

/**
 * Completes the options of a guard.
 *
 * @throws {TypeError} When one is out of its range.
 */
export function compileGuardOptions(options: GuardOptions): Required<GuardOptions> {
  const {
    maxConcurrent = 1_000,
    failures = 5,
    retryAfterMs = 5_000,
    maxRetryAfterMs = Math.max(60_000, retryAfterMs),
  } = options;
  assertWithin('maxConcurrent', maxConcurrent, 1, 100_000);
  assertWithin('failures', failures, 1, 1_000);
  assertWithin('retryAfterMs', retryAfterMs, 100, 600_000);
  assertWithin('maxRetryAfterMs', maxRetryAfterMs, retryAfterMs, 600_000);
  return Object.freeze({ maxConcurrent, failures, retryAfterMs, maxRetryAfterMs });
}
