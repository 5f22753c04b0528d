import type { Config } from '../config/config.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import { systemClock } from '../core/clock.ts';
import { createCachedSynthesiser } from '../speech/cached-synthesiser.ts';
import { createFliteSynthesiser } from '../speech/flite-synthesiser.ts';

/** Opens the embedded voice, with a memory in front of it. */
export function openVoice({ speech }: Pick<Config, 'speech'>): SpeechSynthesiser {
  return createCachedSynthesiser(
    // Work takes the machine's time, however fast the gateway's clock runs.
    createFliteSynthesiser(
      { voice: speech.voice, workers: speech.workers },
      { clock: systemClock },
    ),
    { maxBytes: speech.cacheBytes },
  );
}
