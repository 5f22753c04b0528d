import { MULAW_SILENCE } from '../audio/audio-format.ts';

/** One side of a recording: µ-law, 8000 Hz, mono, growing. */
export interface AudioTrack {
  append(audio: Uint8Array): void;
  /** Bytes so far. */
  length(): number;
  /** Everything so far, in a new array. */
  toBytes(): Uint8Array;
}

/** One hour. What comes later is left out. */
const MAX_TRACK_BYTES = 28_800_000;
const FIRST_BYTES = 16_000;

/** Creates an empty track. */
export function createAudioTrack(): AudioTrack {
  let bytes = new Uint8Array(FIRST_BYTES);
  let length = 0;
  return {
    append(audio) {
      const end = length + audio.length;
      if (end > MAX_TRACK_BYTES) return;
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.max(end, bytes.length * 2));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(audio, length);
      length = end;
    },
    length: () => length,
    toBytes: () => bytes.slice(0, length),
  };
}

/** Lengthens `track` with silence to `length` bytes. */
export function padTrack(track: Uint8Array, length: number): Uint8Array {
  const padded = new Uint8Array(length).fill(MULAW_SILENCE);
  padded.set(track.subarray(0, length));
  return padded;
}
