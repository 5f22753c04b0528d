import { GatewayError } from '../core/gateway-error.ts';
import { FRAME_SAMPLES } from './audio-format.ts';
import { createNoiseGate } from './noise-gate.ts';
import type { VoiceActivityDetector, VoiceActivityEngine } from './voice-activity.ts';

/** While nothing stands out of the noise, the detector hears each so many frames, which is enough to learn the noise. */
const IDLE_FRAMES = 4;

/**
 * Puts a noise gate before any engine: speech is what stands out of the line's noise and what the engine takes for it
 * too. While nothing stands out, which is most of a call, the engine hears one frame in four.
 */
export function gateVoiceActivity(engine: VoiceActivityEngine): VoiceActivityEngine {
  return { open: () => new GatedDetector(engine.open()) };
}

class GatedDetector implements VoiceActivityDetector {
  readonly #gate = createNoiseGate();
  readonly #detector: VoiceActivityDetector;
  #idleFrames = 0;

  constructor(detector: VoiceActivityDetector) {
    this.#detector = detector;
  }

  isSpeech(pcm: Int16Array): boolean {
    if (pcm.length !== FRAME_SAMPLES) throw new TypeError('a frame must have 160 samples');
    const isOpen = this.#gate.isOpen(pcm);
    this.#idleFrames = this.#gate.isQuiet ? (this.#idleFrames + 1) % IDLE_FRAMES : 0;
    return this.#idleFrames === 0 && this.#detector.isSpeech(pcm) && isOpen;
  }

  reset(): void {
    this.#detector.reset();
    this.#gate.reset();
    this.#idleFrames = 0;
  }

  close(): void {
    this.#detector.close();
  }
}

/**
 * Creates an engine of the noise gate alone: no WebAssembly, about 0.3 µs a frame, and everything that wavers
 * above the noise is speech to it, music included.
 *
 * @param options.maxDetectors Most detectors open at once, at least 1. Default 5000.
 */
export function createEnergyVoiceActivity(
  options: { readonly maxDetectors?: number } = {},
): VoiceActivityEngine {
  const { maxDetectors = 5000 } = options;
  let open = 0;
  return {
    open() {
      if (open >= maxDetectors)
        throw new GatewayError('ERR_CONVERSATION_CAPACITY', 'too many calls are being listened to');
      open += 1;
      const gate = createNoiseGate();
      let isClosed = false;
      return {
        isSpeech(pcm) {
          if (pcm.length !== FRAME_SAMPLES) throw new TypeError('a frame must have 160 samples');
          return !isClosed && gate.isOpen(pcm);
        },
        reset: () => gate.reset(),
        close() {
          if (!isClosed) open -= 1;
          isClosed = true;
        },
      };
    },
  };
}
