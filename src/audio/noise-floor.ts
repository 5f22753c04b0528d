/** Follows how loud the noise of one band is, so that what stands out of it can be told. */
export interface NoiseFloor {
  /** Takes the level of the next 20 ms, in decibels over one step of PCM16, and tells whether it stands out. */
  push(level: number): boolean;
  /** The quietest level of the last 1.3 seconds. */
  readonly level: number;
  /** Takes `level` for noise at once. */
  raise(level: number): void;
  /** Forgets everything, as for another caller. */
  reset(): void;
}

const BLOCK_FRAMES = 8;
const BLOCKS = 8;
/** Nothing below is speech: 24 dB over one step is -66 dB of full scale. */
const QUIETEST_SPEECH = 24;
/** How far speech must rise: noise that wavers more asks for more. White noise settles near the least, babble near 13 dB. */
const MIN_MARGIN = 3.5;
const MAX_MARGIN = 16;
const BASE_MARGIN = 1.5;
const MARGIN_PER_SPREAD = 2.2;
/** Noise that nobody knows yet may be babble. */
const FIRST_SPREAD = 7;
/** The spread is learned in a second. */
const SPREAD_RATE = 0.02;

/**
 * Creates a floor that takes the first frame for noise.
 *
 * The floor is the minimum of a sliding window: it falls at once and rises when no frame of the window was as quiet as
 * before, which a voice with its gaps hardly ever does.
 */
export function createNoiseFloor(): NoiseFloor {
  const minima = new Float64Array(BLOCKS);
  let isNew = true;
  let blockMinimum = 0;
  let blockFrames = 0;
  let block = 0;
  let level = 0;
  /** How far noise rises over the floor on average. */
  let spread = FIRST_SPREAD;

  function raise(to: number): void {
    minima.fill(to);
    blockMinimum = to;
  }

  function follow(next: number): void {
    blockMinimum = Math.min(blockMinimum, next);
    blockFrames += 1;
    if (blockFrames < BLOCK_FRAMES) return;
    minima[block] = blockMinimum;
    block = (block + 1) % BLOCKS;
    blockFrames = 0;
    blockMinimum = next;
  }

  return {
    push(next) {
      if (isNew) raise(next);
      isNew = false;
      follow(next);
      level = blockMinimum;
      for (let i = 0; i < BLOCKS; i++) level = Math.min(level, minima[i] ?? level);
      const margin = BASE_MARGIN + MARGIN_PER_SPREAD * spread;
      const threshold = level + Math.min(Math.max(margin, MIN_MARGIN), MAX_MARGIN);
      if (next < threshold) spread += (next - level - spread) * SPREAD_RATE;
      return next > Math.max(threshold, QUIETEST_SPEECH);
    },
    get level() {
      return level;
    },
    raise,
    reset() {
      isNew = true;
      spread = FIRST_SPREAD;
      blockFrames = 0;
    },
  };
}
