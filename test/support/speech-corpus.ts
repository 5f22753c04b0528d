import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import type { AudioEncoding } from '../../src/audio/audio-format.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createFliteSynthesiser, type FliteVoice } from '../../src/speech/flite-synthesiser.ts';

/** Who says what: breath by breath, with the pause between in milliseconds. */
interface CorpusScript {
  readonly voices: readonly FliteVoice[];
  readonly utterances: readonly (readonly (string | number)[])[];
  /** What the line carries before and after the voice, in milliseconds. */
  readonly leadMs: number;
  readonly tailMs: number;
  /** Begins another noise, and other talk behind the caller. */
  readonly seed: number;
  readonly babbleVoices: number;
}

/**
 * Two corpora. Everything is tuned on the first: soft and hard sounds at both ends, long and short. The second one,
 * with another voice, other words, other noise and a shorter time to learn it, is only ever measured.
 */
const CORPUS_SCRIPTS = {
  tuning: {
    voices: ['kal', 'rms', 'slt'],
    utterances: [
      ['yes', 300, 'please'],
      ['no', 500, 'thank you'],
      ['agent'],
      ['book a table', 400, 'for two'],
      ['I want to pay my bill', 700, 'by card'],
      ['my number is', 600, 'four seven one', 700, 'nine two'],
      ['um', 700, 'could you say that again'],
      ['she said it was free', 300, 'is that so'],
    ],
    leadMs: 3000,
    tailMs: 1800,
    seed: 1,
    babbleVoices: 9,
  },
  'held-out': {
    voices: ['awb', 'kal', 'rms', 'slt'],
    utterances: [
      ['nothing', 350, 'works'],
      ['maybe', 600, 'on Friday'],
      ['operator'],
      ['hello', 450, 'is anybody there'],
      ['where does my parcel stay', 650, 'since Monday'],
      ['zero five', 700, 'eight eight', 500, 'six'],
      ['well', 700, 'let me think about it'],
      ['five of us will come', 300, 'if we may'],
      ['my wife left', 400, 'her umbrella'],
      ['the line was cut'],
    ],
    leadMs: 1740,
    tailMs: 1900,
    seed: 20_261,
    babbleVoices: 7,
  },
} as const satisfies Readonly<Record<string, CorpusScript>>;

/** One of {@link CORPUS_SCRIPTS}. */
export type CorpusName = keyof typeof CORPUS_SCRIPTS;

/** Noises of a telephone line, and none. */
export const CORPUS_NOISES = ['clean', 'white', 'hum', 'babble'] as const;

/** One of {@link CORPUS_NOISES}. */
export type CorpusNoise = (typeof CORPUS_NOISES)[number];

/** How loud the voice is beside the noise, in decibels. */
export const CORPUS_SNRS_DB = [20, 10, 5] as const;

/** How one utterance of the corpus is to sound. */
interface CorpusCall {
  readonly voice: FliteVoice;
  /** Index in the utterances of the script. */
  readonly utterance: number;
  readonly noise: CorpusNoise;
  /** Not used for `clean`. */
  readonly snrDb: number;
  readonly encoding: AudioEncoding;
}

/** What the caller's line carries, and what a detector ought to find in it. */
interface CorpusSound {
  /** PCM16, 8000 Hz, mono, after encoding and decoding. */
  readonly pcm: Int16Array;
  readonly speechStartMs: number;
  readonly speechEndMs: number;
}

/** The corpus, spoken. */
export interface SpeechCorpus {
  readonly script: CorpusScript;
  sound(call: CorpusCall): CorpusSound;
  /** Noise alone, as loud as it is under the voices of the corpus at `snrDb`. */
  noise(noise: CorpusNoise, ms: number, snrDb: number): Int16Array;
}

/** Root mean square of the voices: -26 dB of full scale, what a telephone line is built for. */
const SPEECH_LEVEL = 32_768 * 10 ** (-26 / 20);
/** A window belongs to the speech when it is no more than this quieter than the voice. */
const AUDIBLE_DB = -20;
const WINDOW = 80;
const NOISE_LOOP_MS = 11_000;

const speaking = new Map<CorpusName, Promise<SpeechCorpus>>();

/** Speaks a corpus, once a process. */
export function loadSpeechCorpus(name: CorpusName = 'tuning'): Promise<SpeechCorpus> {
  const corpus = speaking.get(name) ?? createSpeechCorpus(CORPUS_SCRIPTS[name]);
  speaking.set(name, corpus);
  return corpus;
}

async function createSpeechCorpus(script: CorpusScript): Promise<SpeechCorpus> {
  const { voices, leadMs, tailMs } = script;
  const spoken = new Map(
    await Promise.all(
      voices.map(async (voice) => [voice, await speak(voice, script.utterances)] as const),
    ),
  );
  const loops = createNoiseLoops(
    [...spoken.values()].flat(2).filter((part) => part.some(Boolean)),
    script,
  );
  return {
    script,
    sound({ voice, utterance, noise, snrDb, encoding }) {
      const speech = join(spoken.get(voice)?.[utterance] ?? []);
      const line = join([toSilence(leadMs), speech, toSilence(tailMs)]);
      // Each call meets the noise at another place.
      const offset = utterance * 7919 + voices.indexOf(voice) * 31_337;
      mix(line, loops[noise], offset, 10 ** (-snrDb / 20));
      return {
        pcm: overLine(line, encoding),
        speechStartMs: leadMs,
        speechEndMs: leadMs + speech.length / 8,
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
async function speak(
  voice: FliteVoice,
  utterances: CorpusScript['utterances'],
): Promise<readonly (readonly Int16Array[])[]> {
  const synthesiser = createFliteSynthesiser({ voice, timeoutMs: 60_000 }, { clock: systemClock });
  try {
    return await Promise.all(
      utterances.map((parts) =>
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
  { seed, babbleVoices }: CorpusScript,
): Readonly<Record<CorpusNoise, Float32Array>> {
  const length = NOISE_LOOP_MS * 8;
  const random = createRandom(seed);
  const white = Float32Array.from({ length }, random);
  const hum = Float32Array.from({ length }, (_, index) => {
    const angle = (2 * Math.PI * 50 * index) / 8000;
    const mains = Math.sin(angle) + 0.5 * Math.sin(2 * angle) + 0.4 * Math.sin(3 * angle);
    return mains + 0.2 * Math.sin(7 * angle) + 0.15 * random();
  });
  // Many voices backwards, one after another on each of several tracks: talk that nobody understands.
  const babble = new Float32Array(length);
  for (let track = 0, next = 0; track < babbleVoices; track++)
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

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}
