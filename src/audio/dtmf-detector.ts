import { TELEPHONE_RATE_HZ } from './audio-format.ts';
import { COLUMN_HZ, KEYPAD, ROW_HZ } from './tones.ts';

/** Finds the keys that one caller presses in the sound of the call. */
export interface DtmfDetector {
  /**
   * Takes the next samples, without allocating or keeping them.
   *
   * @param pcm PCM16, 8000 Hz, mono, at most 20 ms = 160 samples.
   * @returns The key, one of `0-9 A-D * #`, once, as soon as it is certain; else `undefined`.
   */
  push(pcm: Int16Array): string | undefined;
  /** Whether a key sounds or has just ended: what a voice activity detector says of such frames means nothing. */
  readonly isKeyHeard: boolean;
  /** Forgets a key that is half heard or held. */
  reset(): void;
}

/** 12.75 ms: wide enough a filter for the tolerance of telephones, and 40 ms always hold two whole blocks. */
const BLOCK = 102;
/** A key must be in so many blocks in a row, and absent from as many before it counts again. */
const CERTAIN_BLOCKS = 2;
/** Mean square of both tones at -36 dBm0 each; 0 dBm0 peaks at 22378. */
const MIN_POWER = (22_378 * 10 ** (-36 / 20)) ** 2;
/** Parts of a block's energy that the two tones must hold, and that their second harmonics may. */
const MIN_PURITY = 0.65;
const MAX_HARMONICS = 0.15;
/** 8 dB, by which the two tones may differ and by which each must lead its group. */
const RATIO_8_DB = 6.3;
/** How long voice activity detectors go on about a key that has ended: 160 ms. */
const AFTERMATH_BLOCKS = 13;

/**
 * Creates a detector. Keys of 40 ms with gaps of 40 ms are always told apart; a tone of 16 ms is no key, and
 * neither is a voice. About 5 µs for 20 ms of sound, less in silence.
 *
 * @see ITU-T Q.23 and Q.24
 */
export function createDtmfDetector(): DtmfDetector {
  const block = new Float64Array(BLOCK);
  let filled = 0;
  let energy = 0;
  let candidate = '';
  let candidateBlocks = 0;
  /** The key that was given and is not yet released. */
  let held = '';
  let missedBlocks = AFTERMATH_BLOCKS;

  function settle(key: string): string | undefined {
    candidateBlocks = key === candidate ? candidateBlocks + 1 : 1;
    candidate = key;
    missedBlocks = key === '' || key !== held ? missedBlocks + 1 : 0;
    if (missedBlocks >= CERTAIN_BLOCKS) held = '';
    if (key === '' || key === held || candidateBlocks < CERTAIN_BLOCKS) return undefined;
    held = key;
    missedBlocks = 0;
    return key;
  }

  return {
    push(pcm) {
      let found: string | undefined;
      for (let i = 0; i < pcm.length; i++) {
        const sample = pcm[i] ?? 0;
        block[filled] = sample;
        energy += sample * sample;
        filled += 1;
        if (filled < BLOCK) continue;
        found = settle(keyOf(block, energy)) ?? found;
        filled = 0;
        energy = 0;
      }
      return found;
    },
    get isKeyHeard() {
      return missedBlocks < AFTERMATH_BLOCKS;
    },
    reset() {
      filled = 0;
      energy = 0;
      candidate = '';
      candidateBlocks = 0;
      held = '';
      missedBlocks = AFTERMATH_BLOCKS;
    },
  };
}

/** The key whose tones the block holds, or an empty text. */
function keyOf(block: Float64Array, energy: number): string {
  if (energy < MIN_POWER * BLOCK) return '';
  const row = leaderOf(block, ROW_HZ);
  const column = leaderOf(block, COLUMN_HZ);
  if (row === -1 || column === -1) return '';
  const rowPower = powerAt(block, ROW_HZ[row] ?? 0);
  const columnPower = powerAt(block, COLUMN_HZ[column] ?? 0);
  if (rowPower > columnPower * RATIO_8_DB || columnPower > rowPower * RATIO_8_DB) return '';
  const both = rowPower + columnPower;
  // A pure tone of energy E has the power E × BLOCK / 2.
  if (both < (MIN_PURITY * energy * BLOCK) / 2) return '';
  const harmonics =
    powerAt(block, 2 * (ROW_HZ[row] ?? 0)) + powerAt(block, 2 * (COLUMN_HZ[column] ?? 0));
  return harmonics > MAX_HARMONICS * both ? '' : (KEYPAD[row * 4 + column] ?? '');
}

/** The index of the tone that leads its group by 8 dB, or -1. */
function leaderOf(block: Float64Array, group: readonly number[]): number {
  let leader = -1;
  let most = 0;
  let second = 0;
  for (let i = 0; i < group.length; i++) {
    const power = powerAt(block, group[i] ?? 0);
    if (power > most) {
      second = most;
      most = power;
      leader = i;
    } else second = Math.max(second, power);
  }
  return second * RATIO_8_DB > most ? -1 : leader;
}

/** Goertzel's algorithm: the power of one frequency. */
function powerAt(block: Float64Array, hz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / TELEPHONE_RATE_HZ);
  let last = 0;
  let beforeLast = 0;
  for (let i = 0; i < BLOCK; i++) {
    const next = (block[i] ?? 0) + factor * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return last * last + beforeLast * beforeLast - factor * last * beforeLast;
}
