import { createCallerAudio } from '../audio/caller-audio.ts';
import { createDtmfDetector } from '../audio/dtmf-detector.ts';
import { TELEPHONE_BYTES_PER_MS, TELEPHONE_FORMAT } from '../audio/audio-format.ts';
import { createEndpointer } from '../audio/endpointer.ts';
import { gateVoiceActivity } from '../audio/gate-voice-activity.ts';
import { loadResampler } from '../audio/resample.ts';
import { createSpeechCollector } from '../audio/speech-collector.ts';
import type { SpeechTally } from '../audio/speech-stream.ts';
import { createTelephoneStream } from '../audio/telephone-stream.ts';
import { loadVoiceActivity } from '../audio/voice-activity.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { Ear, type EarParts } from '../conversation/ear.ts';
import type { OpenConverter } from '../conversation/sound-stream.ts';

/** Sound before the onset window that belongs to an utterance: the first consonant. */
const EXTRA_PRE_ROLL_MS = 100;

/** The engines of the audio room, shared by all calls; what they open is a call's own. */
export interface SoundEngines {
  readonly openEar: (conversation: Conversation) => Ear;
  readonly openConverter: OpenConverter;
}

/** Stands between the ear of a call and what it hears with. */
type TapEar = (
  conversation: Conversation,
  hearing: Pick<EarParts, 'detector' | 'keys'>,
) => Pick<EarParts, 'detector' | 'keys'>;

/**
 * Loads the engines.
 *
 * @param maxEars Most calls that are listened to at once.
 * @param tally Where all ears count what waits for slow readers.
 * @param tapEar Watches what is heard; absent: nobody does.
 */
export async function loadSoundEngines(
  maxEars: number,
  tally: SpeechTally,
  tapEar?: TapEar,
): Promise<SoundEngines> {
  const [resampler, voiceActivity] = await Promise.all([
    loadResampler(),
    loadVoiceActivity({ maxDetectors: maxEars }).then(gateVoiceActivity),
  ]);
  return {
    openEar(conversation) {
      const { bot, recogniser, endpointing, inBandDigits } = conversation.agent;
      const endpointer = createEndpointer(endpointing);
      const wantsSound = bot.hears !== undefined || recogniser !== undefined;
      const hearing = {
        detector: voiceActivity.open(),
        keys: inBandDigits ? createDtmfDetector() : undefined,
      };
      return new Ear({
        callerAudio: createCallerAudio({ resampler }),
        ...(tapEar?.(conversation, hearing) ?? hearing),
        endpointer,
        tally,
        maxStreamBytes: endpointing.maxSpeechMs * TELEPHONE_BYTES_PER_MS,
        collector: wantsSound
          ? createSpeechCollector({
              preRollMs: endpointer.onsetWindowMs + EXTRA_PRE_ROLL_MS,
              maxMs: endpointing.maxSpeechMs,
            })
          : undefined,
      });
    },
    openConverter: (format) =>
      // A WAV file says itself what it is.
      createTelephoneStream(format === 'wav' ? TELEPHONE_FORMAT : format, { resampler }),
  };
}
