import { TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';

/** Below 1000 of 32767 (-30 dB): quieter than any vowel, louder than what an engine puts around a sentence. */
const QUIET_BELOW = 49;
const KEPT_BEFORE = 60 * TELEPHONE_BYTES_PER_MS;
const KEPT_AFTER = 150 * TELEPHONE_BYTES_PER_MS;

/**
 * Cuts the silence around a sentence: 60 ms are kept before it, so that a soft consonant lives, and 150 ms behind it, so
 * that the next sentence does not run into it.
 *
 * @param audio µ-law, 8000 Hz, mono.
 * @returns A copy; empty when there was nothing but silence.
 */
export function trimSilence(audio: Uint8Array): Uint8Array {
  const first = audio.findIndex(isLoud);
  if (first === -1) return new Uint8Array(0);
  return audio.slice(
    Math.max(0, first - KEPT_BEFORE),
    audio.findLastIndex(isLoud) + 1 + KEPT_AFTER,
  );
}

/** The seven lower bits of a µ-law byte, inverted, grow with the level. */
function isLoud(byte: number): boolean {
  return (~byte & 0x7f) >= QUIET_BELOW;
}
