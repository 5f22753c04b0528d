import { FRAME_MS, FRAME_SAMPLES } from './audio-format.ts';
import { encodeMulaw } from './mulaw.ts';

/** How much of the caller is kept. */
export interface SpeechCollectorOptions {
  /** Sound from before `start` that belongs to the utterance; the endpointer's onset window and a little more. */
  readonly preRollMs: number;
  /** The most that is kept of an utterance, pre-roll included; what comes later is dropped. */
  readonly maxMs: number;
}

/** Keeps what the caller says: always the last moments, and everything from `start` on. */
export interface SpeechCollector {
  /** Takes a frame: PCM16, 8000 Hz, mono, 20 ms = 160 samples. */
  push(pcm: Int16Array): void;
  /**
   * The utterance has begun, with the pre-roll; does nothing when it had begun before.
   *
   * @param onPiece Called with each frame from now on: µ-law, never changed again.
   */
  start(onPiece?: (piece: Uint8Array) => void): void;
  /** A copy of the utterance so far; empty when there was no `start`. */
  peek(): Uint8Array;
  /**
   * Hands over the utterance and waits for the next one.
   *
   * @returns µ-law, 8000 Hz, mono; empty when there was no `start`.
   */
  take(): Uint8Array;
  /** Drops everything, pre-roll included. */
  reset(): void;
}

/** Two seconds: most utterances need no second allocation. */
const FIRST_BUFFER_BYTES = 16_000;

const NOTHING = new Uint8Array(0);

/** Creates a collector; at rest it holds the pre-roll, 8 bytes a millisecond. */
export function createSpeechCollector(options: SpeechCollectorOptions): SpeechCollector {
  return new RingCollector(options);
}

/** One a call and fifty frames a second: a class takes an eighth of the memory that closures would. */
class RingCollector implements SpeechCollector {
  readonly #ring: Uint8Array;
  readonly #maxBytes: number;
  /** Frames that went into the ring since it was empty. */
  #ringFrames = 0;
  #speech: Uint8Array | undefined;
  #speechBytes = 0;
  #listener: ((piece: Uint8Array) => void) | undefined;

  constructor({ preRollMs, maxMs }: SpeechCollectorOptions) {
    this.#ring = new Uint8Array(toBytes(preRollMs));
    this.#maxBytes = Math.max(toBytes(maxMs), this.#ring.length);
  }

  push(pcm: Int16Array): void {
    if (this.#speech !== undefined) return this.#pushSpeech(pcm, this.#speech);
    if (this.#ring.length === 0) return;
    encodeMulaw(pcm, this.#ring, (this.#ringFrames * FRAME_SAMPLES) % this.#ring.length);
    this.#ringFrames += 1;
  }

  #pushSpeech(pcm: Int16Array, buffer: Uint8Array): void {
    const neededBytes = this.#speechBytes + FRAME_SAMPLES;
    if (neededBytes > this.#maxBytes) return;
    let speech = buffer;
    if (neededBytes > buffer.length) {
      speech = new Uint8Array(Math.min(Math.max(buffer.length * 2, neededBytes), this.#maxBytes));
      speech.set(buffer);
      this.#speech = speech;
    }
    encodeMulaw(pcm, speech, this.#speechBytes);
    this.#listener?.(speech.slice(this.#speechBytes, neededBytes));
    this.#speechBytes = neededBytes;
  }

  start(onPiece?: (piece: Uint8Array) => void): void {
    if (this.#speech !== undefined) return;
    const ring = this.#ring;
    const seenBytes = this.#ringFrames * FRAME_SAMPLES;
    const speech = new Uint8Array(
      Math.min(Math.max(FIRST_BUFFER_BYTES, ring.length), this.#maxBytes),
    );
    const oldestAt = seenBytes < ring.length || ring.length === 0 ? 0 : seenBytes % ring.length;
    speech.set(ring.subarray(oldestAt, seenBytes));
    speech.set(ring.subarray(0, oldestAt), ring.length - oldestAt);
    this.#listener = onPiece;
    this.#speech = speech;
    this.#speechBytes = Math.min(seenBytes, ring.length);
  }

  peek(): Uint8Array {
    return this.#speech?.slice(0, this.#speechBytes) ?? NOTHING;
  }

  take(): Uint8Array {
    const taken = this.peek();
    this.reset();
    return taken;
  }

  reset(): void {
    this.#ringFrames = 0;
    this.#speech = undefined;
    this.#speechBytes = 0;
    this.#listener = undefined;
  }
}

function toBytes(ms: number): number {
  return Math.ceil(ms / FRAME_MS) * FRAME_SAMPLES;
}
