import { FRAME_MS } from './audio-format.ts';

/** When an utterance begins and ends. A value outside its bounds is taken as the nearest bound. */
export interface EndpointerOptions {
  /** Speech within twice this time that counts as the start, 20 to 300 ms. Default 100. */
  readonly onsetMs?: number;
  /** Silence that ends the utterance, 200 to 60000 ms. Default 900. */
  readonly completeTimeoutMs?: number;
  /**
   * Silence that ends an utterance of less than `minSpeechMs`, 200 to 60000 ms: longer than the complete timeout, the
   * caller who said "um" may go on; shorter, a cough is given up early. Default: the complete timeout.
   */
  readonly incompleteTimeoutMs?: number;
  /** Speech below which an utterance is not complete, 0 to 5000 ms. Default 200. */
  readonly minSpeechMs?: number;
  /** The longest utterance, 1000 to 600000 ms; then it ends even though the caller goes on. Default 30000. */
  readonly maxSpeechMs?: number;
}

/** What a frame changed. */
type SpeechEdge = 'none' | 'speech-start' | 'speech-end';

/** Finds the edges of utterances in the verdicts of a voice activity detector. */
export interface Endpointer {
  /** Takes the verdict on the next 20 ms. */
  push(isSpeech: boolean): SpeechEdge;
  readonly isSpeaking: boolean;
  /**
   * From the first to the last frame of speech of the utterance, or of the one before when nobody speaks. It grows while
   * the caller speaks, so that a turn can tell a backchannel from an answer before the end.
   */
  readonly speechMs: number;
  /** The most sound that lies between an utterance's first frame and `speech-start`: what a pre-roll must hold. */
  readonly onsetWindowMs: number;
  /** Forgets the utterance; with options, also what was set before. The same options object costs nothing. */
  reset(options?: EndpointerOptions): void;
}

/**
 * Speech must fill half of a short window before it ends a pause, so that single noisy frames do not prolong an
 * utterance for ever.
 */
const RESUME_WINDOW_FRAMES = 6;
const RESUME_FRAMES = 3;
const RESUME_MASK = (1 << RESUME_WINDOW_FRAMES) - 1;

interface Timing {
  readonly onsetFrames: number;
  readonly onsetMask: number;
  readonly completeFrames: number;
  readonly incompleteFrames: number;
  readonly minFrames: number;
  readonly maxFrames: number;
}

/** Agents and bots hand over the same few objects for every response. */
const compiled = new WeakMap<EndpointerOptions, Timing>();

/**
 * Creates an endpointer that waits for speech.
 *
 * A pause shorter than `completeTimeoutMs` never splits an utterance: when speech may just have begun again as the time
 * is up, the end waits for up to 120 ms more.
 */
export function createEndpointer(options: EndpointerOptions = {}): Endpointer {
  let timing = compileTiming(options);
  /** One bit a frame, the latest lowest; 31 frames at most. */
  let history = 0;
  let isSpeaking = false;
  /** Counted from the first frame of speech. */
  let utteranceFrames = 0;
  let quietFrames = 0;

  function pushOnset(): SpeechEdge {
    if (countBits(history & timing.onsetMask) < timing.onsetFrames) return 'none';
    isSpeaking = true;
    utteranceFrames = 32 - Math.clz32(history & timing.onsetMask);
    quietFrames = 0;
    return 'speech-start';
  }

  function pushSpeaking(isSpeech: boolean): SpeechEdge {
    utteranceFrames += 1;
    const recent = countBits(history & RESUME_MASK);
    quietFrames = isSpeech && recent >= RESUME_FRAMES ? 0 : quietFrames + 1;
    const isShort = utteranceFrames - quietFrames < timing.minFrames;
    const overdueFrames = quietFrames - (isShort ? timing.incompleteFrames : timing.completeFrames);
    const isComplete = overdueFrames >= (recent === 0 ? 0 : RESUME_WINDOW_FRAMES);
    if (!isComplete && utteranceFrames < timing.maxFrames) return 'none';
    isSpeaking = false;
    history = 0;
    return 'speech-end';
  }

  return {
    push(isSpeech) {
      history = ((history << 1) | (isSpeech ? 1 : 0)) & 0x7fff_ffff;
      return isSpeaking ? pushSpeaking(isSpeech) : pushOnset();
    },
    get isSpeaking() {
      return isSpeaking;
    },
    get speechMs() {
      return (utteranceFrames - quietFrames) * FRAME_MS;
    },
    get onsetWindowMs() {
      return timing.onsetFrames * 2 * FRAME_MS;
    },
    reset(next) {
      if (next !== undefined) timing = compileTiming(next);
      history = 0;
      isSpeaking = false;
      utteranceFrames = 0;
      quietFrames = 0;
    },
  };
}

function compileTiming(options: EndpointerOptions): Timing {
  const known = compiled.get(options);
  if (known !== undefined) return known;
  const onsetFrames = toFrames(options.onsetMs, 100, 20, 300);
  const completeFrames = toFrames(options.completeTimeoutMs, 900, 200, 60_000);
  const timing = Object.freeze({
    onsetFrames,
    onsetMask: 2 ** (onsetFrames * 2) - 1,
    completeFrames,
    incompleteFrames: toFrames(options.incompleteTimeoutMs, completeFrames * FRAME_MS, 200, 60_000),
    minFrames: toFrames(options.minSpeechMs, 200, 0, 5000),
    maxFrames: toFrames(options.maxSpeechMs, 30_000, 1000, 600_000),
  });
  compiled.set(options, timing);
  return timing;
}

function toFrames(ms: number | undefined, defaultMs: number, minMs: number, maxMs: number): number {
  const wantedMs = ms === undefined || Number.isNaN(ms) ? defaultMs : ms;
  return Math.ceil(Math.min(Math.max(wantedMs, minMs), maxMs) / FRAME_MS);
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
