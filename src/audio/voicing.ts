import { FRAME_SAMPLES } from './audio-format.ts';

/** 4000 Hz, which is plenty for the pitch of a voice. */
const HALVED = FRAME_SAMPLES / 2;
/** Voices from 100 to 400 Hz repeat after 10 to 2.5 ms. */
const MIN_LAG = 10;
const MAX_LAG = 40;
const WINDOW = HALVED - MAX_LAG;
/** How alike two periods of a voice are at least. Of white noise, one frame in a hundred reaches 0.6. */
const ALIKE = 0.72;

/** Used by one call at a time, and of no meaning in between. */
const halved = new Float64Array(HALVED);

/**
 * Tells whether a frame repeats itself as a voiced sound does: a vowel, a nasal. Mains hum does so too. About 2.5 µs, so
 * it is for frames that are in doubt.
 *
 * @param pcm PCM16, 8000 Hz, mono, 20 ms = 160 samples.
 */
export function isVoiced(pcm: Int16Array): boolean {
  let last = (pcm[0] ?? 0) + (pcm[1] ?? 0);
  for (let i = 0; i < HALVED; i++) {
    const pair = (pcm[2 * i] ?? 0) + (pcm[2 * i + 1] ?? 0);
    // The difference takes away the offset of the line, and most of the mains.
    halved[i] = pair - last;
    last = pair;
  }
  const energy = energyFrom(0);
  let laggedEnergy = energyFrom(MIN_LAG);
  for (let lag = MIN_LAG; lag <= MAX_LAG; lag++) {
    let product = 0;
    for (let i = 0; i < WINDOW; i++) product += (halved[i] ?? 0) * (halved[i + lag] ?? 0);
    if (product > 0 && product * product > ALIKE * ALIKE * energy * laggedEnergy) return true;
    laggedEnergy += (halved[lag + WINDOW] ?? 0) ** 2 - (halved[lag] ?? 0) ** 2;
  }
  return false;
}

function energyFrom(start: number): number {
  let energy = 0;
  for (let i = start; i < start + WINDOW; i++) energy += (halved[i] ?? 0) ** 2;
  return energy;
}
