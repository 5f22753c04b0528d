/** Sounds to test with: PCM16, mono, 8000 Hz unless said. */

/** A repeatable source of numbers from -1 to 1. */
function createRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

/** White noise with the given peak. */
export function noise(ms: number, peak: number, seed = 1): Int16Array {
  const random = createRandom(seed);
  return Int16Array.from({ length: ms * 8 }, () => Math.round(random() * peak));
}

/** The hum of the mains under a little noise. */
export function lineNoise(ms: number, seed = 1): Int16Array {
  const random = createRandom(seed);
  return Int16Array.from({ length: ms * 8 }, (_, index) =>
    Math.round(200 * Math.sin((2 * Math.PI * 50 * index) / 8000) + 60 * random()),
  );
}

const FORMANTS = [
  { hz: 700, gain: 1 },
  { hz: 1200, gain: 0.6 },
  { hz: 2500, gain: 0.3 },
] as const;

/** Something like a spoken `a`: harmonics of a wavering voice shaped by three formants, four syllables a second. */
export function vowel(ms: number, pitchHz = 120): Int16Array {
  const pcm = new Int16Array(ms * 8);
  let phase = 0;
  for (let index = 0; index < pcm.length; index++) {
    const seconds = index / 8000;
    phase += (pitchHz * (1 + 0.03 * Math.sin(2 * Math.PI * 5 * seconds))) / 8000;
    let sum = 0;
    for (let harmonic = 1; harmonic * pitchHz < 3600; harmonic++) {
      const hz = harmonic * pitchHz;
      const gain = FORMANTS.reduce((all, f) => all + f.gain / (1 + ((hz - f.hz) / 120) ** 2), 0);
      sum += gain * Math.sin(2 * Math.PI * harmonic * phase);
    }
    const syllables = 0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * seconds);
    pcm[index] = Math.max(-32_768, Math.min(32_767, Math.round(3200 * syllables * sum)));
  }
  return pcm;
}

/** Joins sounds one after another. */
export function join(...sounds: readonly Int16Array[]): Int16Array {
  const pcm = new Int16Array(sounds.reduce((length, sound) => length + sound.length, 0));
  let at = 0;
  for (const sound of sounds) {
    pcm.set(sound, at);
    at += sound.length;
  }
  return pcm;
}

/** The sound in frames of 160 samples; a rest is left out. */
export function* toFrames(pcm: Int16Array): Iterable<Int16Array> {
  for (let at = 0; at + 160 <= pcm.length; at += 160) yield pcm.subarray(at, at + 160);
}

/** The amplitude of the part of `pcm` that swings at `hz` (Goertzel's algorithm). */
export function amplitudeAt(pcm: Int16Array, hz: number, sampleRateHz = 8000): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  let last = 0;
  let beforeLast = 0;
  for (const sample of pcm) {
    const next = sample + factor * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  const power = last ** 2 + beforeLast ** 2 - factor * last * beforeLast;
  return (2 * Math.sqrt(Math.max(0, power))) / pcm.length;
}
