import type { Recognition } from '../../conversation/speech-recogniser.ts';
import { speechFailure } from './speech-failure.ts';

/** Ten minutes of hurried speech; a server that sends more is broken. */
const MAX_TEXT_LENGTH = 20_000;

/** Joins what a server understood of one utterance, piece by piece. */
export interface TextCollector {
  /**
   * Takes a piece that is final, in the order of speech.
   *
   * @param confidence 0 to 1, where the server says.
   * @throws {GatewayError} `ERR_SPEECH_FAILED` when it is more than anybody can say.
   */
  add(text: string, confidence: number | undefined): void;
  /** Takes what the server believes to hear behind the final pieces; each replaces the one before. */
  guess(text: string): void;
  /** What is final so far; the confidence is the mean of the pieces by their words. */
  readonly recognition: () => Recognition;
  /** The same with the last guess behind it; `undefined` when there is no word in it. */
  readonly guessed: () => Recognition | undefined;
}

export function createTextCollector(): TextCollector {
  const pieces: string[] = [];
  let length = 0;
  let words = 0;
  let weighted: number | undefined = 0;
  let lastGuess = '';

  return {
    add(text, confidence) {
      lastGuess = '';
      const piece = text.trim();
      if (piece === '') return;
      length += piece.length + 1;
      if (length > MAX_TEXT_LENGTH) throw speechFailure('malformed');
      pieces.push(piece);
      const count = piece.split(/\s+/u).length;
      words += count;
      // One piece without makes the whole unknown.
      weighted =
        weighted === undefined || confidence === undefined
          ? undefined
          : weighted + count * Math.min(Math.max(confidence, 0), 1);
    },
    guess(text) {
      lastGuess = text.trim().slice(0, MAX_TEXT_LENGTH);
    },
    recognition: () => ({
      text: pieces.join(' '),
      confidence: weighted === undefined || words === 0 ? undefined : weighted / words,
    }),
    guessed() {
      const text = [...pieces, lastGuess].filter((piece) => piece !== '').join(' ');
      return text === '' ? undefined : { text, confidence: undefined };
    },
  };
}
