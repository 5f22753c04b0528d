import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import type { AudioEncoding } from '../../src/audio/audio-format.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createFliteSynthesiser, type FliteVoice } from '../../src/speech/flite-synthesiser.ts';

/** The synthetic callers. */
export const CORPUS_VOICES = ['kal', 'rms', 'slt'] as const satisfies readonly FliteVoice[];

/** What they say: breath by breath, with the pause between in milliseconds. Soft and hard sounds at both ends, long and short. */
export const CORPUS_UTTERANCES = [
  ['yes', 300, 'please'],
  ['no', 500, 'thank you'],
  ['agent'],
  ['book a table', 400, 'for two'],
  ['I want to pay my bill', 700, 'by card'],
  ['my number is', 600, 'four seven one', 700, 'nine two'],
  ['um', 700, 'could you say that again'],
  ['she said it was free', 300, 'is that so'],
] as const;

/** Noises of a telephone line, and none. */
export const CORPUS_NOISES = ['clean', 'white', 'hum', 'babble'] as const;

/** One of {@link CORPUS_NOISES}. */
export type CorpusNoise = (typeof CORPUS_NOISES)[number];

/** How loud the voice is beside the noise, in decibels. */
export const CORPUS_SNRS_DB = [20, 10, 5] as const;

/** How one utterance of the corpus is to sound. */
export interface CorpusCall {
  readonly voice: (typeof CORPUS_VOICES)[number];
  /** Index in {@link CORPUS_UTTERANCES}. */
  readonly utterance: number;
  readonly noise: CorpusNoise;
  /** Not used for `clean`. */
  readonly snrDb: number;
  readonly encoding: AudioEncoding;
}

/** What the caller's line carries, and what a detector ought to find in it. */
export interface CorpusSound {
  /** PCM16, 8000 Hz, mono, after encoding and decoding. */
  readonly pcm: Int16Array;
  readonly speechStartMs: number;
  readonly speechEndMs: number;
}

/** The corpus, spoken. */
export interface SpeechCorpus {
  sound(call: CorpusCall): CorpusSound;
  /** Noise alone, as loud as it is under the voices of the corpus at `snrDb`. */
  noise(noise: CorpusNoise, ms: number, snrDb: number): Int16Array;
}

/** Root mean square of the voices: -26 dB of full scale, what a telephone line is built for. */
const SPEECH_LEVEL = 32_768 * 10 ** (-26 / 20);
/** A window belongs to the speech when it is no more than this quieter than the voice. */
const AUDIBLE_DB = -20;
const WINDOW = 80;
const LEAD_MS = 3000;
const TAIL_MS = 1800;
const NOISE_LOOP_MS = 11_000;
const BABBLE_VOICES = 9;

let speaking: Promise<SpeechCorpus> | undefined;

/** Speaks the corpus, once a process. */
export function loadSpeechCorpus(): Promise<SpeechCorpus> {
  speaking ??= createSpeechCorpus();
  return speaking;
}

async function createSpeechCorpus(): Promise<SpeechCorpus> {
  const spoken = new Map(
    await Promise.all(CORPUS_VOICES.map(async (voice) => [voice, await speak(voice)] as const)),
  );
  const loops = createNoiseLoops([...spoken.values()].flat(2).filter((part) => part.some(Boolean)));
  return {
    sound({ voice, utterance, noise, snrDb, encoding }) {
      const speech = join(spoken.get(voice)?.[utterance] ?? []);
      const line = join([toSilence(LEAD_MS), speech, toSilence(TAIL_MS)]);
      // Each call meets the noise at another place.
      const offset = utterance * 7919 + CORPUS_VOICES.indexOf(voice) * 31_337;
      mix(line, loops[noise], offset, 10 ** (-snrDb / 20));
      return {
        pcm: overLine(line, encoding),
        speechStartMs: LEAD_MS,
        speechEndMs: LEAD_MS + speech.length / 8,
      };
    },
    noise(noise, ms, snrDb) {
      const line = toSilence(ms);
      mix(line, loops[noise], 0, 10 ** (-snrDb / 20));
      return line;
    },
  };
}

/** All utterances of one voice, in parts that begin and end with the first and the last audible sound. */
async function speak(voice: FliteVoice): Promise<readonly (readonly Int16Array[])[]> {
  const synthesiser = createFliteSynthesiser({ voice }, { clock: systemClock });
  try {
    return await Promise.all(
      CORPUS_UTTERANCES.map((parts) =>
        Promise.all(
          parts.map(async (part) =>
            typeof part === 'number'
              ? toSilence(part)
              : toPart(await synthesiser.synthesise(part, new AbortController().signal)),
          ),
        ),
      ),
    );
  } finally {
    await synthesiser.close();
  }
}

function toPart(mulaw: Uint8Array): Int16Array {
  const pcm = new Int16Array(mulaw.length);
  AUDIO_CODECS.mulaw.decode(mulaw, pcm);
  const levels = Array.from({ length: Math.floor(pcm.length / WINDOW) }, (_, index) =>
    rms(pcm.subarray(index * WINDOW, (index + 1) * WINDOW)),
  );
  const audible = (level: number, against: number): boolean =>
    level > against * 10 ** (AUDIBLE_DB / 20);
  const loudest = Math.max(...levels);
  const active = levels.filter((level) => audible(level, loudest));
  const level = Math.sqrt(active.reduce((sum, each) => sum + each ** 2, 0) / active.length);
  const from = levels.findIndex((each) => audible(each, level)) * WINDOW;
  const to = (levels.findLastIndex((each) => audible(each, level)) + 1) * WINDOW;
  return pcm.subarray(from, to).map((sample) => clip((sample * SPEECH_LEVEL) / level));
}

function createNoiseLoops(
  voices: readonly Int16Array[],
): Readonly<Record<CorpusNoise, Float32Array>> {
  const length = NOISE_LOOP_MS * 8;
  const random = createRandom();
  const white = Float32Array.from({ length }, random);
  const hum = Float32Array.from({ length }, (_, index) => {
    const angle = (2 * Math.PI * 50 * index) / 8000;
    const mains = Math.sin(angle) + 0.5 * Math.sin(2 * angle) + 0.4 * Math.sin(3 * angle);
    return mains + 0.2 * Math.sin(7 * angle) + 0.15 * random();
  });
  // Many voices backwards, one after another on each of several tracks: talk that nobody understands.
  const babble = new Float32Array(length);
  for (let track = 0, next = 0; track < BABBLE_VOICES; track++)
    for (let at = (track * 4001) % 8000; at < length;) {
      const part = voices[(next * 5) % voices.length] ?? new Int16Array(1);
      next += 1;
      for (let i = 0; i < part.length; i++) {
        const to = (at + i) % length;
        babble[to] = (babble[to] ?? 0) + (part[part.length - 1 - i] ?? 0);
      }
      at += part.length;
    }
  return {
    clean: new Float32Array(length),
    white: toLevel(white),
    hum: toLevel(hum),
    babble: toLevel(babble),
  };
}

function toLevel(sound: Float32Array): Float32Array {
  const factor = SPEECH_LEVEL / rms(sound);
  return sound.map((sample) => sample * factor);
}

function rms(sound: Int16Array | Float32Array): number {
  let sum = 0;
  for (const sample of sound) sum += sample * sample;
  return Math.sqrt(sum / sound.length);
}

function mix(line: Int16Array, noise: Float32Array, offset: number, gain: number): void {
  for (let index = 0; index < line.length; index++)
    line[index] = clip((line[index] ?? 0) + gain * (noise[(index + offset) % noise.length] ?? 0));
}

function overLine(pcm: Int16Array, encoding: AudioEncoding): Int16Array {
  const codec = AUDIO_CODECS[encoding];
  codec.decode(codec.encode(pcm), pcm);
  return pcm;
}

function toSilence(ms: number): Int16Array {
  return new Int16Array(ms * 8);
}

function join(sounds: readonly Int16Array[]): Int16Array {
  const pcm = new Int16Array(sounds.reduce((length, sound) => length + sound.length, 0));
  let at = 0;
  for (const sound of sounds) {
    pcm.set(sound, at);
    at += sound.length;
  }
  return pcm;
}

function clip(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample)));
}

function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}
