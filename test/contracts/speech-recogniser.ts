import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type {
  RecognitionRequest,
  SpeechRecogniser,
} from '../../src/conversation/speech-recogniser.ts';
import { AbortError } from '../../src/core/abort.ts';

/** A recogniser and the engine behind it, which does as it is told from the next utterance on. */
export interface RecogniserRig {
  readonly recogniser: SpeechRecogniser;
  /** The engine understands what `toText` makes of the whole sound. */
  understand(toText: (sound: Uint8Array) => string): void;
  /** The engine breaks down. */
  fail(): void;
  /** The engine never gives a text. */
  hang(): void;
  /** Resolves when the engine has got this many bytes of the last utterance, or more. */
  untilHeard?(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export const REQUEST: RecognitionRequest = { language: 'en-US', sensitive: false };

/** An utterance that a test speaks piece by piece. */
export interface SpokenSound extends AsyncIterable<Uint8Array> {
  speak(piece: Uint8Array): void;
  end(): void;
  /** Whether the reader went away. */
  readonly isLeft: () => boolean;
}

export function createSpokenSound(): SpokenSound {
  const pieces: Uint8Array[] = [];
  let wake = (): void => undefined;
  let hasEnded = false;
  let isLeft = false;
  return {
    speak(piece) {
      pieces.push(piece);
      wake();
    },
    end() {
      hasEnded = true;
      wake();
    },
    isLeft: () => isLeft,
    [Symbol.asyncIterator]: () => ({
      async next() {
        for (;;) {
          const value = pieces.shift();
          if (value !== undefined) return { done: false, value };
          if (hasEnded || isLeft) return { done: true, value: undefined };
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      async return() {
        isLeft = true;
        wake();
        return { done: true, value: undefined };
      },
    }),
  };
}

/** Sound that ends; every byte is µ-law that survives a way through PCM. */
export async function* soundOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Noise of `ms`, the same for the same seed. */
export function noise(ms: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: ms * 8 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const byte = (state >> 8) & 0xff;
    // Minus zero, which PCM does not have.
    return byte === 0x7f ? 0xff : byte;
  });
}

/** A text that no two sounds share by accident. */
function fingerprint(sound: Uint8Array): string {
  let sum = 0;
  for (const byte of sound) sum = (sum * 31 + byte) % 1_000_003;
  return `heard ${sound.length} bytes ${sum}`;
}

const never = (): AbortSignal => new AbortController().signal;

/** What every recogniser keeps to, whatever engine is behind it. */
export function describeRecogniserContract(
  name: string,
  start: () => Promise<RecogniserRig>,
): void {
  describe(`the recogniser ${name} keeps the contract of recognisers`, () => {
    let rig: RecogniserRig;
    beforeAll(async () => {
      rig = await start();
    });
    afterAll(() => rig.close());

    it('has a name of lower-case words with hyphens', () => {
      expect(rig.recogniser.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/u);
    });

    it('understands the whole utterance, however it is cut', async () => {
      rig.understand(fingerprint);
      const sound = noise(700);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: sound.length }), { maxLength: 40 }),
          async (cuts) => {
            const edges = [0, ...cuts.toSorted((a, b) => a - b), sound.length];
            const pieces = edges.slice(1).map((edge, index) => sound.slice(edges[index], edge));
            const { text } = await rig.recogniser.recognise(soundOf(...pieces), REQUEST, never());
            expect(text).toBe(fingerprint(sound));
          },
        ),
        { numRuns: 25 },
      );
    });

    it('does not keep the arrays that it was given', async () => {
      rig.understand(fingerprint);
      const sound = noise(250);
      async function* reused(): AsyncGenerator<Uint8Array> {
        const buffer = new Uint8Array(160);
        for (let at = 0; at < sound.length; at += 160) {
          const piece = sound.subarray(at, at + 160);
          buffer.set(piece);
          yield buffer.subarray(0, piece.length);
        }
        buffer.fill(0);
      }
      const { text } = await rig.recogniser.recognise(reused(), REQUEST, never());
      expect(text).toBe(fingerprint(sound));
    });

    it('gives no text for no sound', async () => {
      rig.understand(() => 'nobody said this');
      const recognition = await rig.recogniser.recognise(soundOf(), REQUEST, never());
      expect(recognition).toEqual({ text: '', confidence: undefined });
    });

    it('says how sure it is between 0 and 1, or nothing of it', async () => {
      rig.understand(() => 'one two three');
      const { confidence = 0.5 } = await rig.recogniser.recognise(
        soundOf(noise(200)),
        REQUEST,
        never(),
      );
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
    });

    it('keeps utterances of the same moment apart', async () => {
      rig.understand(fingerprint);
      const sounds = Array.from({ length: 8 }, (_, index) => noise(100 + index * 37, index + 2));
      const texts = await Promise.all(
        sounds.map(async (sound) => {
          const { text } = await rig.recogniser.recognise(soundOf(sound), REQUEST, never());
          return text;
        }),
      );
      expect(texts).toEqual(sounds.map(fingerprint));
    });

    it('listens to nothing when nobody wants the text from the beginning', async () => {
      const sound = createSpokenSound();
      const answer = rig.recogniser.recognise(sound, REQUEST, AbortSignal.abort());
      await expect(answer).rejects.toBeInstanceOf(AbortError);
    });

    it.each(['before the first sound', 'while the caller speaks', 'after the last sound'])(
      'gives up at once %s, and on the sound as well',
      async (when) => {
        rig.hang();
        const sound = createSpokenSound();
        const controller = new AbortController();
        const answer = rig.recogniser.recognise(sound, REQUEST, controller.signal);
        if (when !== 'before the first sound') sound.speak(noise(240));
        if (when === 'after the last sound') sound.end();
        if (when !== 'before the first sound') await rig.untilHeard?.(1600);
        controller.abort();
        await expect(answer).rejects.toBeInstanceOf(AbortError);
        if (when !== 'after the last sound') sound.speak(noise(20));
      },
    );

    it('fails with ERR_SPEECH_FAILED when its engine does, and understands the next one', async () => {
      rig.fail();
      const answer = rig.recogniser.recognise(soundOf(noise(300)), REQUEST, never());
      await expect(answer).rejects.toMatchObject({ code: 'ERR_SPEECH_FAILED' });
      rig.understand(() => 'again');
      const next = await rig.recogniser.recognise(soundOf(noise(300)), REQUEST, never());
      expect(next.text).toBe('again');
    });

    it('ends what is under way when it is closed, and may be closed again', async () => {
      const own = await start();
      own.hang();
      const sound = createSpokenSound();
      const answer = own.recogniser.recognise(sound, REQUEST, never());
      const refused = expect(answer).rejects.toMatchObject({ code: 'ERR_SPEECH_FAILED' });
      sound.speak(noise(240));
      await own.untilHeard?.(1600);
      await own.recogniser.close();
      await own.recogniser.close();
      await refused;
      const late = own.recogniser.recognise(soundOf(noise(100)), REQUEST, never());
      await expect(late).rejects.toMatchObject({ code: 'ERR_SPEECH_FAILED' });
      await own.close();
    });
  });
}
