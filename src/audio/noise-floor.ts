/** Follows how loud the noise of one band is, so that what stands out of it can be told. */
export interface NoiseFloor {
  /**
   * Takes the level of the next 20 ms and tells whether it stands out.
   *
   * @param level Hundredths of a decibel over one step of PCM16, a whole number.
   */
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
const QUIETEST_SPEECH = 2400;
/** How far speech must rise: noise that wavers more asks for more. White noise settles near the least, babble near 13 dB. */
const MIN_MARGIN = 300;
const MAX_MARGIN = 1400;
const BASE_MARGIN = 150;
const MARGIN_PER_SPREAD = 2.4;
/** Noise that nobody knows yet may be babble. */
const FIRST_SPREAD = 800;
/** Of noise that was just taken for such, at least. */
const RAISED_SPREAD = 250;
/** The spread is learned in a second. */
const SPREAD_RATE = 0.02;
const SPREAD_PARTS = 64;
/** Over noise that wavers, 60 ms that are loud together count like one frame that is louder still. */
const SMOOTH_RATE = 0.35;
const SMOOTH_BONUS = 100;
const SMOOTH_FROM_MARGIN = 800;

/**
 * Creates a floor that takes the first frame for noise.
 *
 * The floor is the minimum of a sliding window: it falls at once and rises when no frame of the window was as quiet as
 * before, which a voice with its gaps hardly ever does.
 */
export function createNoiseFloor(): NoiseFloor {
  return new SlidingFloor();
}

/** Louder than anything; a whole number like all levels. */
const UNKNOWN = 100_000;

/** Two a call and fifty frames a second. All fields are whole numbers: others would be made anew for each frame. */
class SlidingFloor implements NoiseFloor {
  level = UNKNOWN;
  /** The quietest frame of each of the last blocks, and of them all. */
  readonly #minima = new Int32Array(BLOCKS);
  #known = UNKNOWN;
  #block = 0;
  #blockMinimum = UNKNOWN;
  #blockFrames = 0;
  /** How far noise rises over the floor on average, in parts of a level's unit. */
  #spread = FIRST_SPREAD * SPREAD_PARTS;
  #smooth = 0;

  push(next: number): boolean {
    if (this.level === UNKNOWN) this.raise(next);
    this.#follow(next);
    this.#smooth += ((next - this.#smooth) * SMOOTH_RATE) | 0;
    const wanted = (BASE_MARGIN + (MARGIN_PER_SPREAD / SPREAD_PARTS) * this.#spread) | 0;
    const margin = wanted < MIN_MARGIN ? MIN_MARGIN : wanted > MAX_MARGIN ? MAX_MARGIN : wanted;
    const threshold = this.level + margin;
    const excess = (next - this.level) * SPREAD_PARTS;
    if (next < threshold) this.#spread += ((excess - this.#spread) * SPREAD_RATE) | 0;
    if (next <= QUIETEST_SPEECH) return false;
    if (next > threshold) return true;
    return (
      margin > SMOOTH_FROM_MARGIN &&
      this.#smooth > threshold - SMOOTH_BONUS &&
      next > threshold - 2 * SMOOTH_BONUS
    );
  }

  #follow(next: number): void {
    if (next < this.#blockMinimum) this.#blockMinimum = next;
    this.#blockFrames += 1;
    if (this.#blockFrames === BLOCK_FRAMES) {
      this.#minima[this.#block] = this.#blockMinimum;
      this.#block = (this.#block + 1) % BLOCKS;
      this.#blockFrames = 0;
      this.#blockMinimum = next;
      this.#known = UNKNOWN;
      for (let i = 0; i < BLOCKS; i++) this.#known = Math.min(this.#known, this.#minima[i] ?? 0);
    }
    this.level = this.#known < this.#blockMinimum ? this.#known : this.#blockMinimum;
  }

  raise(level: number): void {
    this.#spread = Math.max(this.#spread, RAISED_SPREAD * SPREAD_PARTS);
    this.#minima.fill(level);
    this.#known = level;
    this.#blockMinimum = level;
    if (this.level === UNKNOWN) this.#smooth = level;
    this.level = level;
  }

  reset(): void {
    this.level = UNKNOWN;
    this.#spread = FIRST_SPREAD * SPREAD_PARTS;
    this.#blockFrames = 0;
  }
}
