import { FRAME_SAMPLES } from './audio-format.ts';
import { createNoiseFloor } from './noise-floor.ts';

/** Tells what stands out of the noise on one caller's line. */
export interface NoiseGate {
  /**
   * Takes the next frame, without allocating or keeping it.
   *
   * @param pcm PCM16, 8000 Hz, mono, 20 ms = 160 samples.
   */
  isOpen(pcm: Int16Array): boolean;
  /** Forgets the line's noise, as for another caller. */
  reset(): void;
}

/** Takes away the offset of a line and most of the mains below 75 Hz. */
const HIGH_PASS = 0.94;
/** Splits the bands near 600 Hz: a murmur stands out below in hiss, a fricative above in hum. */
const LOW_PASS = 0.376;
/** A louder sound that stays within this range for 80 ms before anybody spoke is noise that was switched on. */
const ONSET_FRAMES = 4;
const ONSET_RANGE_DB = 1.8;
const ONSET_RISE_DB = 4;
/** The same for 300 ms, whoever spoke before; no vowel is held as evenly as that. */
const STEADY_FRAMES = 15;
const STEADY_RANGE_DB = 2.5;
/** Open for so long, it is a voice, which may hold a vowel. */
const VOICE_FRAMES = 5;
/** Quiet for so long, what follows is a new onset. */
const FORGET_FRAMES = 10;
/** The gate stays open for 60 ms, over the closure of a plosive, behind a sound of 60 ms: a click is shorter. */
const HANG_FRAMES = 3;
const HANG_AFTER_FRAMES = 3;

/**
 * Creates a gate that learns the noise of the line in two bands, about 3 µs a frame.
 *
 * Steady noise closes it, however loud: mostly after 80 ms when it begins in a pause, after 300 ms under a
 * voice. It cannot tell a voice from other sounds that waver; a voice activity detector must do that.
 */
export function createNoiseGate(): NoiseGate {
  const low = createNoiseFloor();
  const high = createNoiseFloor();
  const whole = createNoiseFloor();
  const lows = new Float64Array(STEADY_FRAMES);
  const highs = new Float64Array(STEADY_FRAMES);
  const levels = new Float64Array(STEADY_FRAMES);
  let frames = 0;
  let voiceFrames = 0;
  let quietFrames = FORGET_FRAMES;
  let lastSample = 0;
  let passed = 0;
  let lowPassed = 0;

  function measure(pcm: Int16Array): void {
    let lowPower = 0;
    let highPower = 0;
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const sample = pcm[i] ?? 0;
      passed = sample - lastSample + HIGH_PASS * passed;
      lastSample = sample;
      lowPassed += LOW_PASS * (passed - lowPassed);
      const rest = passed - lowPassed;
      lowPower += lowPassed * lowPassed;
      highPower += rest * rest;
    }
    const at = frames % STEADY_FRAMES;
    lows[at] = toDecibels(lowPower);
    highs[at] = toDecibels(highPower);
    levels[at] = toDecibels(lowPower + highPower);
    frames += 1;
  }

  /** How much the last levels differ; what was not heard yet differs enough. */
  function rangeOf(count: number): number {
    if (frames < count) return Infinity;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let back = 1; back <= count; back++) {
      const level = levels[(frames - back) % STEADY_FRAMES] ?? 0;
      lowest = Math.min(lowest, level);
      highest = Math.max(highest, level);
    }
    return highest - lowest;
  }

  return {
    isOpen(pcm) {
      measure(pcm);
      if (rangeOf(STEADY_FRAMES) < STEADY_RANGE_DB) {
        low.raise(lowestOf(lows));
        high.raise(lowestOf(highs));
        whole.raise(lowestOf(levels));
      }
      const at = (frames - 1) % STEADY_FRAMES;
      const level = levels[at] ?? 0;
      const isLow = low.push(lows[at] ?? 0);
      const isHigh = high.push(highs[at] ?? 0);
      whole.push(level);
      if (!isLow && !isHigh) {
        quietFrames += 1;
        if (quietFrames > FORGET_FRAMES) voiceFrames = 0;
        return quietFrames <= HANG_FRAMES && voiceFrames >= HANG_AFTER_FRAMES;
      }
      quietFrames = 0;
      const isNoise =
        voiceFrames < VOICE_FRAMES &&
        level - whole.level > ONSET_RISE_DB &&
        rangeOf(ONSET_FRAMES) < ONSET_RANGE_DB;
      if (!isNoise) voiceFrames += 1;
      return !isNoise;
    },
    reset() {
      for (const floor of [low, high, whole]) floor.reset();
      frames = 0;
      voiceFrames = 0;
      quietFrames = FORGET_FRAMES;
      lastSample = 0;
      passed = 0;
      lowPassed = 0;
    },
  };
}

function toDecibels(power: number): number {
  return 10 * Math.log10(power / FRAME_SAMPLES + 1);
}

function lowestOf(levels: Float64Array): number {
  let lowest = Infinity;
  for (let i = 0; i < levels.length; i++) lowest = Math.min(lowest, levels[i] ?? lowest);
  return lowest;
}
