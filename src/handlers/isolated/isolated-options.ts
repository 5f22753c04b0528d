import { assertWithin } from '../../core/assert-within.ts';

/** How the workers of a bot are kept; what is left out has a default. */
export interface IsolationOptions {
  /** Threads; calls are spread over them by conversation id, 1 to 64. Default 1. */
  readonly workers?: number;
  /** Heap of one thread, in megabytes, 16 to 16,384. Default 256. */
  readonly maxOldGenerationSizeMb?: number;
  /** Buffers outside the heap of one thread, such as sound, in megabytes, 16 to 16,384. Default 256. */
  readonly maxBuffersMb?: number;
  /** How long a thread may be deaf before it is ended, in milliseconds, 100 to 60,000. Default 2,000. */
  readonly unresponsiveMs?: number;
  /** Longest start of a thread, loading the bot included, in milliseconds, 100 to 300,000. Default 30,000. */
  readonly startTimeoutMs?: number;
  /** Longest `call.state` of one call, in characters of JSON, 1,024 to 16,777,216. Default 65,536. */
  readonly maxStateLength?: number;
  /** Pause before a second restart, in milliseconds; twice as long each time, up to 30 s. 1 to 30,000. Default 250. */
  readonly restartAfterMs?: number;
}

/**
 * Completes the options of an isolated bot.
 *
 * @throws {TypeError} When one is out of its range.
 */
export function compileIsolationOptions(options: IsolationOptions): Required<IsolationOptions> {
  const {
    workers = 1,
    maxOldGenerationSizeMb = 256,
    maxBuffersMb = 256,
    unresponsiveMs = 2_000,
    startTimeoutMs = 30_000,
    maxStateLength = 65_536,
    restartAfterMs = 250,
  } = options;
  assertWithin('workers', workers, 1, 64);
  assertWithin('maxOldGenerationSizeMb', maxOldGenerationSizeMb, 16, 16_384);
  assertWithin('maxBuffersMb', maxBuffersMb, 16, 16_384);
  assertWithin('unresponsiveMs', unresponsiveMs, 100, 60_000);
  assertWithin('startTimeoutMs', startTimeoutMs, 100, 300_000);
  assertWithin('maxStateLength', maxStateLength, 1_024, 16_777_216);
  assertWithin('restartAfterMs', restartAfterMs, 1, 30_000);
  return Object.freeze({
    workers,
    maxOldGenerationSizeMb,
    maxBuffersMb,
    unresponsiveMs,
    startTimeoutMs,
    maxStateLength,
    restartAfterMs,
  });
}
