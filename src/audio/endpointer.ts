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
  return new BitEndpointer(options);
}

/** One a call and fifty frames a second: a class takes an eighth of the memory that closures would. */
class BitEndpointer implements Endpointer {
  #timing: Timing;
  /** One bit a frame, the latest lowest; 31 frames at most. */
  #history = 0;
  #isSpeaking = false;
  /** Counted from the first frame of speech. */
  #utteranceFrames = 0;
  #quietFrames = 0;

  constructor(options: EndpointerOptions) {
    this.#timing = compileTiming(options);
  }

  push(isSpeech: boolean): SpeechEdge {
    this.#history = ((this.#history << 1) | (isSpeech ? 1 : 0)) & 0x7fff_ffff;
    return this.#isSpeaking ? this.#pushSpeaking(isSpeech) : this.#pushOnset();
  }

  #pushOnset(): SpeechEdge {
    const { onsetMask, onsetFrames } = this.#timing;
    const recent = this.#history & onsetMask;
    if (countBits(recent) < onsetFrames) return 'none';
    this.#isSpeaking = true;
    this.#utteranceFrames = 32 - Math.clz32(recent);
    this.#quietFrames = 0;
    return 'speech-start';
  }

  #pushSpeaking(isSpeech: boolean): SpeechEdge {
    const timing = this.#timing;
    this.#utteranceFrames += 1;
    const recent = countBits(this.#history & RESUME_MASK);
    this.#quietFrames = isSpeech && recent >= RESUME_FRAMES ? 0 : this.#quietFrames + 1;
    const isShort = this.#utteranceFrames - this.#quietFrames < timing.minFrames;
    const timeoutFrames = isShort ? timing.incompleteFrames : timing.completeFrames;
    const graceFrames = recent === 0 ? 0 : RESUME_WINDOW_FRAMES;
    const isComplete = this.#quietFrames >= timeoutFrames + graceFrames;
    if (!isComplete && this.#utteranceFrames < timing.maxFrames) return 'none';
    this.#isSpeaking = false;
    this.#history = 0;
    return 'speech-end';
  }

  get isSpeaking(): boolean {
    return this.#isSpeaking;
  }

  get speechMs(): number {
    return (this.#utteranceFrames - this.#quietFrames) * FRAME_MS;
  }

  get onsetWindowMs(): number {
    return this.#timing.onsetFrames * 2 * FRAME_MS;
  }

  reset(next?: EndpointerOptions): void {
    if (next !== undefined) this.#timing = compileTiming(next);
    this.#history = 0;
    this.#isSpeaking = false;
    this.#utteranceFrames = 0;
    this.#quietFrames = 0;
  }
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
