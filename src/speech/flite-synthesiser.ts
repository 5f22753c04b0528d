import { assertWithin } from '../core/assert-within.ts';
import { toWorkerModule } from '../core/worker-module.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import { toSpeakableText } from './speakable-text.ts';
import { createWorkerPool } from './worker-pool.ts';

/** Voices of {@link createFliteSynthesiser}. `kal` is made for 8000 Hz and the fastest; the others are resampled. */
export const FLITE_VOICES = ['kal', 'awb', 'rms', 'slt'] as const;

/** One of {@link FLITE_VOICES}. */
export type FliteVoice = (typeof FLITE_VOICES)[number];

/** Options of {@link createFliteSynthesiser}. */
export interface FliteOptions {
  /** Default `kal`. */
  readonly voice?: FliteVoice;
  /** Threads, 1 to 16. Default 1: a sentence takes 15 to 50 ms, and the cache in front answers most. */
  readonly workers?: number;
  /** Most sentences that wait for a thread, 1 to 10,000. Default 128: a few seconds of work. */
  readonly maxQueued?: number;
  /** Longest work on one text, in milliseconds, 100 to 120,000. Default 10,000. */
  readonly timeoutMs?: number;
  /** Longest text, in characters, 1 to 10,000. Default 2,000: two minutes of speech. */
  readonly maxTextLength?: number;
}

/**
 * Creates the embedded synthesiser: Flite, compiled to WebAssembly, in its own thread and without access to the disk.
 *
 * It reads English. The thread starts with the first sentence. Nothing is remembered between sentences: put a cache in
 * front of it.
 *
 * @throws {TypeError} When an option is out of its range.
 */
export function createFliteSynthesiser(
  options: FliteOptions,
  deps: { readonly clock: Clock },
): SpeechSynthesiser {
  const { voice, maxTextLength, ...poolOptions } = compileFliteOptions(options);
  const pool = createWorkerPool<string, Uint8Array>(
    {
      ...poolOptions,
      url: toWorkerModule('flite-worker', import.meta.url),
      workerData: voice,
    },
    deps,
  );
  return {
    async synthesise(text, signal) {
      if (text.length > maxTextLength)
        throw new GatewayError(
          'ERR_SPEECH_FAILED',
          `the text is longer than ${maxTextLength} characters`,
        );
      const speakable = toSpeakableText(text);
      return speakable === '' ? new Uint8Array(0) : pool.run(speakable, signal);
    },
    waiting: pool.waiting,
    close: () => pool.close(),
  };
}

function compileFliteOptions(options: FliteOptions): Required<FliteOptions> {
  const {
    voice = 'kal',
    workers = 1,
    maxQueued = 128,
    timeoutMs = 10_000,
    maxTextLength = 2_000,
  } = options;
  if (!FLITE_VOICES.includes(voice))
    throw new TypeError(`voice must be one of ${FLITE_VOICES.join(', ')}`);
  assertWithin('workers', workers, 1, 16);
  assertWithin('maxQueued', maxQueued, 1, 10_000);
  assertWithin('timeoutMs', timeoutMs, 100, 120_000);
  assertWithin('maxTextLength', maxTextLength, 1, 10_000);
  return Object.freeze({ voice, workers, maxQueued, timeoutMs, maxTextLength });
}
