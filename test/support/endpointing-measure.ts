import type { AudioEncoding } from '../../src/audio/audio-format.ts';
import { createEndpointer } from '../../src/audio/endpointer.ts';
import { gateVoiceActivity } from '../../src/audio/gate-voice-activity.ts';
import { loadVoiceActivity } from '../../src/audio/voice-activity.ts';
import {
  CORPUS_NOISES,
  CORPUS_SNRS_DB,
  type CorpusNoise,
  type SpeechCorpus,
} from './speech-corpus.ts';

/** A noise and its loudness under the voice. */
export interface Condition {
  readonly noise: CorpusNoise;
  readonly snrDb: number;
}

/** What was found in all utterances of one condition; times in milliseconds, sorted. */
export interface Finding extends Condition {
  readonly calls: number;
  /** Utterances that nobody spoke. */
  readonly falseStarts: number;
  readonly missed: number;
  /** Calls in which one utterance was taken for several. */
  readonly splits: number;
  /** From the first audible sound to the start. */
  readonly onsetsMs: readonly number[];
  /** From the last audible sound to the end. */
  readonly endsMs: readonly number[];
}

/** The silence that ends an utterance in all measurements: the default of an agent. */
export const COMPLETE_TIMEOUT_MS = 900;

/** Every noise at every loudness. */
export const CONDITIONS: readonly Condition[] = CORPUS_NOISES.flatMap<Condition>((noise) =>
  noise === 'clean'
    ? [{ noise, snrDb: Infinity }]
    : CORPUS_SNRS_DB.map((snrDb) => ({ noise, snrDb })),
);

interface Edge {
  readonly edge: 'speech-start' | 'speech-end';
  readonly atMs: number;
}

const engine = gateVoiceActivity(await loadVoiceActivity());

/** Hears a line as one call does, from its beginning. */
export function findEdges(pcm: Int16Array): readonly Edge[] {
  const detector = engine.open();
  const endpointer = createEndpointer({ completeTimeoutMs: COMPLETE_TIMEOUT_MS });
  const edges: Edge[] = [];
  for (let at = 0; at + 160 <= pcm.length; at += 160) {
    const edge = endpointer.push(detector.isSpeech(pcm.subarray(at, at + 160)));
    if (edge !== 'none') edges.push({ edge, atMs: (at + 160) / 8 });
  }
  detector.close();
  return edges;
}

/** Plays all utterances of all voices under one condition. */
export function measureCondition(
  corpus: SpeechCorpus,
  condition: Condition,
  encodings: readonly AudioEncoding[] = ['mulaw', 'alaw'],
): Finding {
  const onsetsMs: number[] = [];
  const endsMs: number[] = [];
  let [calls, falseStarts, missed, splits] = [0, 0, 0, 0];
  for (const voice of corpus.script.voices)
    for (const encoding of encodings)
      for (let utterance = 0; utterance < corpus.script.utterances.length; utterance++) {
        calls += 1;
        const sound = corpus.sound({ voice, utterance, encoding, ...condition });
        const edges = findEdges(sound.pcm);
        const starts = edges.filter(({ edge }) => edge === 'speech-start');
        const early = starts.filter(({ atMs }) => atMs <= sound.speechStartMs);
        const late = starts.filter(({ atMs }) => atMs > sound.speechEndMs);
        falseStarts += early.length + late.length;
        const own = starts.filter((start) => !early.includes(start) && !late.includes(start));
        const [first] = own;
        const end = edges.findLast(({ edge }) => edge === 'speech-end');
        if (first === undefined) missed += 1;
        else onsetsMs.push(first.atMs - sound.speechStartMs);
        if (own.length > 1) splits += 1;
        endsMs.push(end === undefined ? Infinity : end.atMs - sound.speechEndMs);
      }
  const byTime = (a: number, b: number): number => a - b;
  onsetsMs.sort(byTime);
  endsMs.sort(byTime);
  return { ...condition, calls, falseStarts, missed, splits, onsetsMs, endsMs };
}

/** The part of all calls, 0 to 1, whose start came within `ms`. */
export function onsetWithin({ onsetsMs, calls }: Finding, ms: number): number {
  return onsetsMs.filter((onset) => onset <= ms).length / calls;
}

/** The value below which `part` of the sorted values lie. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Lines on which nobody speaks, each of the given length. */
export function createEmptyLines(
  corpus: SpeechCorpus,
  ms: number,
): Readonly<Record<string, () => Int16Array>> {
  const stepped = (noise: CorpusNoise): Int16Array => {
    const line = corpus.noise(noise, ms, 30);
    const loud = corpus.noise(noise, 5000, 15);
    // Not whole frames, so that no two steps fall on the same place in one.
    for (let at = 5003 * 8; at + loud.length <= line.length; at += 10_007 * 8) line.set(loud, at);
    return line;
  };
  return {
    silence: () => new Int16Array(ms * 8),
    'white noise': () => corpus.noise('white', ms, 20),
    'loud white noise': () => corpus.noise('white', ms, 5),
    hum: () => corpus.noise('hum', ms, 20),
    'loud hum': () => corpus.noise('hum', ms, 5),
    'white noise that steps by 15 dB every five seconds': () => stepped('white'),
    'hum that steps by 15 dB every five seconds': () => stepped('hum'),
    'comfort noise, two seconds on and one off': () =>
      corpus
        .noise('white', ms, 30)
        .map((sample, index) => (Math.floor(index / 8000) % 3 === 2 ? 0 : sample)),
    'clicks, three in two seconds': () =>
      corpus
        .noise('white', ms, 40)
        .map((sample, index) => (index % 5333 < 8 ? (index % 2 === 0 ? 20_000 : -20_000) : sample)),
  };
}

/** Noise that nobody knows yet, each eight seconds anew: ten times, switched on for five or fading in by 30 dB. */
export function createNewNoises(corpus: SpeechCorpus): Readonly<Record<string, () => Int16Array>> {
  const faint = 10 ** (-30 / 20);
  const repeat = (noise: CorpusNoise, gainAt: (part: number) => number): (() => Int16Array) => {
    return () =>
      corpus.noise(noise, 80_000, 10).map((sample, index) => {
        const part = ((index / 8) % 8000) / 5000;
        return Math.round(sample * (part < 1 ? gainAt(part) : faint));
      });
  };
  return Object.fromEntries(
    (['white', 'hum', 'babble'] as const).flatMap((noise) => [
      [`${noise}, switched on`, repeat(noise, () => 1)],
      [`${noise}, fading in`, repeat(noise, (part) => faint ** (1 - part))],
    ]),
  );
}
