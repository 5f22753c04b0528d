import { AUDIO_CODECS } from '../audio/audio-codec.ts';
import { type AudioEncoding, TELEPHONE_RATE_HZ } from '../audio/audio-format.ts';
import { decodeMulaw } from '../audio/mulaw.ts';
import { encodeWav } from '../audio/wav.ts';
import { padTrack } from './audio-track.ts';

/** Both sides of a call on one timeline: µ-law, 8000 Hz, mono each. */
export interface CallRecording {
  readonly caller: Uint8Array;
  readonly bot: Uint8Array;
}

/**
 * Makes a stereo WAV file of a call, 8000 Hz: the caller is left, the bot right. The shorter side ends in silence.
 *
 * @param encoding PCM16 by default, which every player knows; µ-law is half as large.
 */
export function encodeRecording(
  { caller, bot }: CallRecording,
  encoding: AudioEncoding = 'linear16',
): Uint8Array {
  const samples = Math.max(caller.length, bot.length);
  const left = encodeTrack(padTrack(caller, samples), encoding);
  const right = encodeTrack(padTrack(bot, samples), encoding);
  const { bytesPerSample } = AUDIO_CODECS[encoding];
  const stereo = new Uint8Array(left.length * 2);
  for (let at = 0; at < left.length; at += bytesPerSample) {
    stereo.set(left.subarray(at, at + bytesPerSample), at * 2);
    stereo.set(right.subarray(at, at + bytesPerSample), at * 2 + bytesPerSample);
  }
  return encodeWav(stereo, { encoding, sampleRateHz: TELEPHONE_RATE_HZ }, 2);
}

function encodeTrack(track: Uint8Array, encoding: AudioEncoding): Uint8Array {
  if (encoding === 'mulaw') return track;
  const pcm = new Int16Array(track.length);
  decodeMulaw(track, pcm);
  return AUDIO_CODECS[encoding].encode(pcm);
}
