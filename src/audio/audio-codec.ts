import { decodeAlaw, encodeAlaw } from './alaw.ts';
import { ALAW_SILENCE, type AudioEncoding, MULAW_SILENCE } from './audio-format.ts';
import { decodeLinear16, encodeLinear16 } from './linear16.ts';
import { decodeMulaw, encodeMulaw } from './mulaw.ts';

/** What is to know of an encoding. */
export interface AudioCodec {
  readonly bytesPerSample: 1 | 2;
  /** The byte that silence is made of. */
  readonly silence: number;
  decode(
    bytes: Uint8Array,
    out: Int16Array,
    outOffset?: number,
    start?: number,
    end?: number,
  ): void;
  encode(pcm: Int16Array, out?: Uint8Array, outOffset?: number): Uint8Array;
}

/** The codec of each encoding. */
export const AUDIO_CODECS: Readonly<Record<AudioEncoding, AudioCodec>> = {
  mulaw: {
    bytesPerSample: 1,
    silence: MULAW_SILENCE,
    decode: decodeMulaw,
    encode: encodeMulaw,
  },
  alaw: { bytesPerSample: 1, silence: ALAW_SILENCE, decode: decodeAlaw, encode: encodeAlaw },
  linear16: { bytesPerSample: 2, silence: 0, decode: decodeLinear16, encode: encodeLinear16 },
};
