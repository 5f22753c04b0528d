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

/** Creates a collector; at rest it holds the pre-roll, 8 bytes a millisecond. */
export function createSpeechCollector(options: SpeechCollectorOptions): SpeechCollector {
  const ring = new Uint8Array(toBytes(options.preRollMs));
  const maxBytes = Math.max(toBytes(options.maxMs), ring.length);
  /** Frames that went into the ring since it was empty. */
  let ringFrames = 0;
  let speech: Uint8Array | undefined;
  let speechBytes = 0;
  let listener: ((piece: Uint8Array) => void) | undefined;

  function pushRing(pcm: Int16Array): void {
    if (ring.length === 0) return;
    encodeMulaw(pcm, ring, (ringFrames * FRAME_SAMPLES) % ring.length);
    ringFrames += 1;
  }

  function pushSpeech(pcm: Int16Array, buffer: Uint8Array): void {
    const neededBytes = speechBytes + FRAME_SAMPLES;
    if (neededBytes > maxBytes) return;
    if (neededBytes > buffer.length) {
      speech = new Uint8Array(Math.min(Math.max(buffer.length * 2, neededBytes), maxBytes));
      speech.set(buffer);
    }
    encodeMulaw(pcm, speech, speechBytes);
    listener?.(speech?.slice(speechBytes, neededBytes) ?? new Uint8Array(0));
    speechBytes = neededBytes;
  }

  function reset(): void {
    ringFrames = 0;
    speech = undefined;
    speechBytes = 0;
    listener = undefined;
  }

  const peek = (): Uint8Array => speech?.slice(0, speechBytes) ?? new Uint8Array(0);

  return {
    push(pcm) {
      if (speech === undefined) pushRing(pcm);
      else pushSpeech(pcm, speech);
    },
    start(onPiece) {
      if (speech !== undefined) return;
      listener = onPiece;
      speech = new Uint8Array(Math.min(Math.max(FIRST_BUFFER_BYTES, ring.length), maxBytes));
      const seenBytes = ringFrames * FRAME_SAMPLES;
      if (seenBytes < ring.length) {
        speech.set(ring.subarray(0, seenBytes));
        speechBytes = seenBytes;
        return;
      }
      const oldestAt = ring.length === 0 ? 0 : seenBytes % ring.length;
      speech.set(ring.subarray(oldestAt));
      speech.set(ring.subarray(0, oldestAt), ring.length - oldestAt);
      speechBytes = ring.length;
    },
    peek,
    take() {
      const taken = peek();
      reset();
      return taken;
    },
    reset,
  };
}

function toBytes(ms: number): number {
  return Math.ceil(ms / FRAME_MS) * FRAME_SAMPLES;
}
