import { GatewayError } from '../core/gateway-error.ts';
import { FRAME_SAMPLES } from './audio-format.ts';
import { createNoiseGate } from './noise-gate.ts';
import type { VoiceActivityEngine } from './voice-activity.ts';

/**
 * Puts a noise gate beside any engine: speech is what the engine takes for it and what stands out of the line's noise
 * too. Both hear every frame, so that both learn.
 */
export function gateVoiceActivity(engine: VoiceActivityEngine): VoiceActivityEngine {
  return {
    open() {
      const detector = engine.open();
      const gate = createNoiseGate();
      return {
        isSpeech(pcm) {
          const isSpeech = detector.isSpeech(pcm);
          return gate.isOpen(pcm) && isSpeech;
        },
        reset() {
          detector.reset();
          gate.reset();
        },
        close: () => detector.close(),
      };
    },
  };
}

/**
 * Creates an engine of the noise gate alone: no WebAssembly, about 3 µs a frame, and everything that wavers
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
