import { AUDIO_CODECS } from '../audio/audio-codec.ts';
import { encodeMulaw } from '../audio/mulaw.ts';
import { decodeWav } from '../audio/wav.ts';
import { answerKindOf } from './answer-kind.ts';
import type { WireResponse } from './wire-message.ts';

/** What is heard of one prompt. */
export interface PromptSound {
  /** µ-law, 8000 Hz, mono. */
  readonly audio: Uint8Array;
  readonly bargeIn: boolean;
}

/**
 * What a caller hears of a message, faults included: a chunk is played as it is, a header in it as noise; a FINAL is
 * played when it is WAV and is inaudible otherwise; another rate than 8000 Hz is heard in the wrong pitch.
 */
export function soundsOf(response: WireResponse): readonly PromptSound[] {
  const isRaw = answerKindOf(response) === 'chunk';
  return response.prompts
    .filter((prompt) => prompt.audio_content.length > 0)
    .map((prompt) => ({
      audio: isRaw ? prompt.audio_content : soundOfWav(prompt.audio_content),
      bargeIn: prompt.is_barge_in_enabled,
    }));
}

function soundOfWav(bytes: Uint8Array): Uint8Array {
  try {
    const { format, data } = decodeWav(bytes);
    if (format.encoding === 'mulaw') return data;
    const codec = AUDIO_CODECS[format.encoding];
    const pcm = new Int16Array(data.length / codec.bytesPerSample);
    codec.decode(data, pcm);
    return encodeMulaw(pcm);
  } catch {
    return new Uint8Array(0);
  }
}
