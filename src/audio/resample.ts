// @ts-expect-error The package ships no types; SpeexModule below describes what is used of it.
import createSpeexModule from '@echogarden/speex-resampler-wasm/simd';

import { MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ } from './audio-format.ts';

/** Converts one stream of PCM16, mono, from one rate to another. */
export interface Resampler {
  /**
   * Takes the next samples of the stream and returns what can be said of the output so far, in a new array.
   *
   * Output is aligned with input: nothing is put in front, so the first call returns some milliseconds less than it
   * was given, and the last ones come out when that much silence is pushed behind them.
   */
  process(pcm: Int16Array): Int16Array;
  /** Frees the stream; may be called again. */
  close(): void;
}

/** Where streams are opened. */
export interface ResamplerEngine {
  /**
   * Opens a stream; the caller closes it.
   *
   * @throws {TypeError} When a rate is not a whole number from 4000 to 48000.
   * @throws {Error} When there is no memory for it.
   */
  open(fromHz: number, toHz: number): Resampler;
}

interface SpeexModule {
  readonly HEAP16: Int16Array;
  readonly HEAPU32: Uint32Array;
  _malloc(bytes: number): number;
  _speex_resampler_init(
    channels: number,
    fromHz: number,
    toHz: number,
    quality: number,
    errorAt: number,
  ): number;
  _speex_resampler_skip_zeros(state: number): number;
  _speex_resampler_process_int(
    state: number,
    channel: number,
    inAt: number,
    inLengthAt: number,
    outAt: number,
    outLengthAt: number,
  ): number;
  _speex_resampler_destroy(state: number): void;
}

/** Of 0 to 10: flat through the telephone band; 5 ms of delay and 5 µs of work a frame from 16000 to 8000 Hz. */
const QUALITY = 5;
const BLOCK_SAMPLES = 2048;
/** Room for a block from the lowest rate to the highest. */
const OUT_SAMPLES = (BLOCK_SAMPLES * MAX_SAMPLE_RATE_HZ) / MIN_SAMPLE_RATE_HZ + 64;

/** One WebAssembly memory for all streams of the process. */
let loading: Promise<ResamplerEngine> | undefined;

/** Loads the Speex resampler, once a process: later calls get the same engine. */
export function loadResampler(): Promise<ResamplerEngine> {
  loading ??= createEngine();
  return loading;
}

async function createEngine(): Promise<ResamplerEngine> {
  // The factory is untyped; the members named in SpeexModule are what the pinned version exports.
  const speex = await (createSpeexModule() as Promise<SpeexModule>);
  const inAt = speex._malloc(BLOCK_SAMPLES * 2);
  const outAt = speex._malloc(OUT_SAMPLES * 2);
  const lengthsAt = speex._malloc(8);
  return {
    open(fromHz, toHz) {
      assertRate(fromHz);
      assertRate(toHz);
      if (fromHz === toHz) return { process: (pcm) => pcm.slice(), close: () => undefined };
      let state = speex._speex_resampler_init(1, fromHz, toHz, QUALITY, lengthsAt);
      if (state === 0) throw new Error('no memory for another resampler');
      speex._speex_resampler_skip_zeros(state);

      /** Converts `pcm` from `from` on, appends to `out` and tells how much was read and written. */
      function processBlock(pcm: Int16Array, from: number, out: Int16Array, to: number) {
        const { HEAP16, HEAPU32 } = speex;
        const block = Math.min(BLOCK_SAMPLES, pcm.length - from);
        HEAP16.set(pcm.subarray(from, from + block), inAt >> 1);
        HEAPU32[lengthsAt >> 2] = block;
        HEAPU32[(lengthsAt >> 2) + 1] = OUT_SAMPLES;
        speex._speex_resampler_process_int(state, 0, inAt, lengthsAt, outAt, lengthsAt + 4);
        const read = HEAPU32[lengthsAt >> 2] ?? 0;
        const written = HEAPU32[(lengthsAt >> 2) + 1] ?? 0;
        out.set(HEAP16.subarray(outAt >> 1, (outAt >> 1) + written), to);
        return { read, written };
      }

      return {
        process(pcm) {
          if (state === 0) throw new TypeError('the resampler is closed');
          const out = new Int16Array(Math.ceil((pcm.length * toHz) / fromHz) + 1);
          let length = 0;
          for (let from = 0; from < pcm.length;) {
            const { read, written } = processBlock(pcm, from, out, length);
            if (read === 0) throw new Error('the resampler made no progress');
            from += read;
            length += written;
          }
          return out.subarray(0, length);
        },
        close() {
          if (state !== 0) speex._speex_resampler_destroy(state);
          state = 0;
        },
      };
    },
  };
}

function assertRate(rateHz: number): void {
  if (!Number.isInteger(rateHz) || rateHz < MIN_SAMPLE_RATE_HZ || rateHz > MAX_SAMPLE_RATE_HZ)
    throw new TypeError('a sample rate must be a whole number from 4000 to 48000');
}
