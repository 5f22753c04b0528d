import { TELEPHONE_RATE_HZ } from './audio-format.ts';
import type { ResamplerEngine } from './resample.ts';
import { createTelephoneStream } from './telephone-stream.ts';
import type { WavAudio } from './wav.ts';

/**
 * Converts any sound to what Webex plays: µ-law, 8000 Hz, mono. Two channels are mixed to one; the length in time stays.
 *
 * Works at once and in one go, about 150 times as fast as the sound plays: for prompts, not for streams.
 *
 * @returns No header. Shares the memory of `wav.data` when that is telephone audio already.
 * @throws {TypeError} When the rate is outside 4000 to 48000 Hz, which `decodeWav` never returns.
 */
export function toTelephoneAudio(wav: WavAudio, engine: ResamplerEngine): Uint8Array {
  const { encoding, sampleRateHz } = wav.format;
  if (encoding === 'mulaw' && sampleRateHz === TELEPHONE_RATE_HZ && wav.channels === 1)
    return wav.data;
  const stream = createTelephoneStream(
    { ...wav.format, channels: wav.channels },
    { resampler: engine },
  );
  try {
    const head = stream.push(wav.data);
    const tail = stream.flush();
    const whole = new Uint8Array(head.length + tail.length);
    whole.set(head);
    whole.set(tail, head.length);
    return whole;
  } finally {
    stream.close();
  }
}
