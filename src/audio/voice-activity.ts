// @ts-expect-error The package ships no types; FvadModule below describes what is used of it.
import createFvadModule from '@echogarden/fvad-wasm';

import { GatewayError } from '../core/gateway-error.ts';
import { FRAME_SAMPLES, TELEPHONE_RATE_HZ } from './audio-format.ts';

/** Tells speech from everything else for one caller. What follows from it is the endpointer's trade. */
export interface VoiceActivityDetector {
  /**
   * Judges the next frame of the call without allocating or keeping it.
   *
   * @param pcm PCM16, 8000 Hz, mono, 20 ms = 160 samples.
   * @returns `false` after `close`.
   * @throws {TypeError} When the frame has another length.
   */
  isSpeech(pcm: Int16Array): boolean;
  /** Forgets the line's noise, as for another caller; it takes the detector some frames to learn it again. */
  reset(): void;
  /** Frees the detector; may be called again. */
  close(): void;
}

/** Where detectors are opened, whichever the engine. */
export interface VoiceActivityEngine {
  /**
   * Opens a detector; the caller closes it.
   *
   * @throws {GatewayError} `ERR_CONVERSATION_CAPACITY` when as many as the engine allows are open.
   */
  open(): VoiceActivityDetector;
}

/** How the embedded engine listens. */
export interface VoiceActivityOptions {
  /** How sure it must be: 0 hears most, 3 is hardest to convince. Default 2. */
  readonly mode?: 0 | 1 | 2 | 3;
  /** Most detectors open at once, at least 1. Default 5000. */
  readonly maxDetectors?: number;
}

interface FvadModule {
  readonly HEAP16: Int16Array;
  _malloc(bytes: number): number;
  _fvad_new(): number;
  _fvad_reset(state: number): void;
  _fvad_set_mode(state: number, mode: number): number;
  _fvad_set_sample_rate(state: number, sampleRateHz: number): number;
  _fvad_process(state: number, pcmAt: number, samples: number): number;
  _fvad_free(state: number): void;
}

/** The lowest mode that takes new line noise for speech for less than 100 ms, which is the endpointer's onset. */
const DEFAULT_MODE = 2;
/** More calls than one process carries; a state is under a kilobyte. */
const DEFAULT_MAX_DETECTORS = 5000;

/**
 * Loads the embedded engine, WebRTC's voice activity detection. All detectors share one WebAssembly memory; a frame
 * costs about 2 µs. Its verdict turns back about 100 ms after the speech ended.
 */
export async function loadVoiceActivity(
  options: VoiceActivityOptions = {},
): Promise<VoiceActivityEngine> {
  const { mode = DEFAULT_MODE, maxDetectors = DEFAULT_MAX_DETECTORS } = options;
  // The factory is untyped; the members named in FvadModule are what the pinned version exports.
  const fvad = await (createFvadModule() as Promise<FvadModule>);
  const frameAt = fvad._malloc(FRAME_SAMPLES * 2);
  let open = 0;

  function prepare(state: number): void {
    fvad._fvad_set_mode(state, mode);
    fvad._fvad_set_sample_rate(state, TELEPHONE_RATE_HZ);
  }

  return {
    open() {
      let state = open < maxDetectors ? fvad._fvad_new() : 0;
      if (state === 0)
        throw new GatewayError('ERR_CONVERSATION_CAPACITY', 'too many calls are being listened to');
      open += 1;
      prepare(state);
      return {
        isSpeech(pcm) {
          if (pcm.length !== FRAME_SAMPLES) throw new TypeError('a frame must have 160 samples');
          if (state === 0) return false;
          fvad.HEAP16.set(pcm, frameAt >> 1);
          return fvad._fvad_process(state, frameAt, FRAME_SAMPLES) === 1;
        },
        reset() {
          if (state === 0) return;
          fvad._fvad_reset(state);
          prepare(state);
        },
        close() {
          if (state === 0) return;
          fvad._fvad_free(state);
          state = 0;
          open -= 1;
        },
      };
    },
  };
}
