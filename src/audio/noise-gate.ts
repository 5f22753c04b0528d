import { FRAME_SAMPLES } from './audio-format.ts';
import { createNoiseFloor } from './noise-floor.ts';
import { isVoiced } from './voicing.ts';

/** Tells what stands out of the noise on one caller's line. */
export interface NoiseGate {
  /**
   * Takes the next frame, without allocating or keeping it.
   *
   * @param pcm PCM16, 8000 Hz, mono, 20 ms = 160 samples.
   */
  isOpen(pcm: Int16Array): boolean;
  /** Whether nothing has stood out for 200 ms. */
  readonly isQuiet: boolean;
  /** Forgets the line's noise, as for another caller. */
  reset(): void;
}

/** A much louder sound that stays within this range for 80 ms before anybody spoke is noise that was switched on. */
const ONSET_FRAMES = 4;
const ONSET_RANGE = toRatio(2);
const ONSET_RISE = toRatio(8);
/** The same for 300 ms, whoever spoke before. */
const STEADY_FRAMES = 15;
const STEADY_RANGE = toRatio(2.4);
/** A voiced sound is no noise, unless it is more even than any throat: that is hum, or a tone. */
const ONSET_TONE_RANGE = toRatio(0.65);
const STEADY_TONE_RANGE = toRatio(0.8);
/** A power of two, for the index. */
const KEPT_FRAMES = 16;
/** Open for so long, it is a voice, which may hold a vowel. */
const VOICE_FRAMES = 5;
/** Quiet for so long, what follows is a new onset. */
const FORGET_FRAMES = 10;
/** The gate stays open for 80 ms, over the closure of a plosive, behind a sound of 60 ms: a click is shorter. */
const HANG_FRAMES = 4;
const HANG_AFTER_FRAMES = 3;

/**
 * Creates a gate that learns the noise of the line in two bands, well under 1 µs a frame.
 *
 * Steady noise closes it, however loud: mostly after 80 ms when it begins in a pause, after 300 ms under a voice. It
 * cannot tell a voice from other sounds that waver; a voice activity detector must do that.
 */
export function createNoiseGate(): NoiseGate {
  return new TwoBandGate();
}

/** One a call and fifty frames a second; its fields are whole numbers too. */
class TwoBandGate implements NoiseGate {
  /** 0 to 1000 Hz without the offset and most of the mains, where vowels are; a murmur stands out here in hiss. */
  readonly #low = createNoiseFloor();
  /** 2000 to 4000 Hz, where a fricative stands out of hum. */
  readonly #high = createNoiseFloor();
  /** Power of the last frames, up to 4000 Hz. */
  readonly #powers = new Float64Array(KEPT_FRAMES);
  #frames = 0;
  /** One bit a frame that was open, the latest lowest. */
  #voiced = 0;
  #voiceFrames = 0;
  #quietFrames = FORGET_FRAMES;
  #lastSum = 0;

  isOpen(pcm: Int16Array): boolean {
    let change = 0;
    let middle = 0;
    let wide = 0;
    let high = 0;
    let last = this.#lastSum;
    // Haar wavelets: sums and differences of neighbours, without a filter's memory, so that samples do not wait for
    // each other. What lies between 1000 and 2000 Hz only counts for the whole: no speech is there alone. The shifts keep every
    // square within 32 bits, where they cost least; they lose nothing that G.711 could tell.
    for (let i = 0; i < FRAME_SAMPLES; i += 8) {
      const a = (pcm[i] ?? 0) >> 2;
      const b = (pcm[i + 1] ?? 0) >> 2;
      const c = (pcm[i + 2] ?? 0) >> 2;
      const d = (pcm[i + 3] ?? 0) >> 2;
      const e = (pcm[i + 4] ?? 0) >> 2;
      const f = (pcm[i + 5] ?? 0) >> 2;
      const g = (pcm[i + 6] ?? 0) >> 2;
      const h = (pcm[i + 7] ?? 0) >> 2;
      high += (square(a - b) + square(c - d) + square(e - f) + square(g - h)) | 0;
      wide += square(a + b - c - d) + square(e + f - g - h);
      const left = (a + b + c + d) >> 1;
      const right = (e + f + g + h) >> 1;
      middle += square(left - right);
      const sum = (left + right) >> 1;
      change += square(sum - last);
      last = sum;
    }
    this.#lastSum = last;
    // Of white noise each band has as much as one sample.
    const lowPower = (2 * change + middle) / 5;
    const highPower = high / 10;
    this.#powers[this.#frames % KEPT_FRAMES] = toPower(lowPower, wide / 10, highPower);
    this.#frames += 1;
    // Whole numbers, since others would be made anew for each call of a function.
    const lowLevel = toLevel(lowPower);
    const highLevel = toLevel(highPower);
    const isLow = this.#low.push(lowLevel);
    const isHigh = this.#high.push(highLevel);
    if (isLow || isHigh) return this.#judge(pcm, lowLevel, highLevel);
    this.#quietFrames += 1;
    if (this.#quietFrames > FORGET_FRAMES) this.#voiceFrames = 0;
    return this.#quietFrames <= HANG_FRAMES && this.#voiceFrames >= HANG_AFTER_FRAMES;
  }

  get isQuiet(): boolean {
    return this.#quietFrames > FORGET_FRAMES;
  }

  /** Whether what stands out is more than noise that has just begun. */
  #judge(pcm: Int16Array, lowLevel: number, highLevel: number): boolean {
    this.#quietFrames = 0;
    const steadyRange = this.#rangeOf(STEADY_FRAMES, STEADY_RANGE);
    if (steadyRange < STEADY_RANGE && (steadyRange < STEADY_TONE_RANGE || !isVoiced(pcm))) {
      this.#low.raise(lowLevel);
      this.#high.raise(highLevel);
      return false;
    }
    if (this.#voiceFrames >= VOICE_FRAMES) return true;
    this.#voiced = (this.#voiced << 1) | (isVoiced(pcm) ? 1 : 0);
    const quietLow = toRatio(this.#low.level / 100);
    const quietHigh = toRatio(this.#high.level / 100);
    const floor = toPower(quietLow, Math.min(quietLow, quietHigh), quietHigh);
    const power = this.#powers[(this.#frames - 1) % KEPT_FRAMES] ?? 0;
    if (power > floor * ONSET_RISE) {
      const range = this.#rangeOf(ONSET_FRAMES, ONSET_RANGE);
      const isUnvoiced = (this.#voiced & ((1 << ONSET_FRAMES) - 1)) === 0;
      if (range < ONSET_RANGE && (isUnvoiced || range < ONSET_TONE_RANGE)) return false;
    }
    this.#voiceFrames += 1;
    return true;
  }

  /** How many times its least power the last frames have at most; `Infinity` from `limit` on. */
  #rangeOf(count: number, limit: number): number {
    if (this.#frames < count) return Infinity;
    let least = Infinity;
    let most = 0;
    for (let back = 1; back <= count; back++) {
      const power = this.#powers[(this.#frames - back) % KEPT_FRAMES] ?? 0;
      if (power < least) least = power;
      if (power > most) most = power;
      if (most >= least * limit) return Infinity;
    }
    return most / least;
  }

  reset(): void {
    this.#low.reset();
    this.#high.reset();
    this.#frames = 0;
    this.#voiced = 0;
    this.#voiceFrames = 0;
    this.#quietFrames = FORGET_FRAMES;
    this.#lastSum = 0;
  }
}

/** Of all bands together, more than nothing. */
function toPower(low: number, middle: number, high: number): number {
  return low / 4 + middle / 4 + high / 2 + 1;
}

const float = new Float32Array(1);
const floatBits = new Int32Array(float.buffer);

/** Hundredths of a decibel over one step of PCM16, to 0.03 dB: `Math.log10` takes longer than a band. */
function toLevel(power: number): number {
  float[0] = power + 1;
  const bits = floatBits[0] ?? 0;
  const mantissa = (bits & 0x7f_ffff) / 2 ** 23;
  return (301.03 * ((bits >> 23) - 127 + mantissa + 0.34 * mantissa * (1 - mantissa))) | 0;
}

function square(value: number): number {
  return Math.imul(value, value);
}

function toRatio(decibels: number): number {
  return 10 ** (decibels / 10);
}
