import { encodeLinear16 } from '../../audio/linear16.ts';
import { decodeMulaw } from '../../audio/mulaw.ts';
import type { BotInput } from '../bot-handler.ts';
import type { LexInputEvent } from './lex-sdk.ts';

/** The one format that Lex V2 takes on a stream. */
const CONTENT_TYPE =
  'audio/lpcm; sample-rate=8000; sample-size-bits=16; channel-count=1; is-big-endian=false';
/** Samples of the largest chunk that Lex V2 takes: 320 bytes, 20 ms. */
const CHUNK_SAMPLES = 160;

/** 20 ms of silence. */
export const SILENCE: LexInputEvent = toAudioEvent(new Uint8Array(CHUNK_SAMPLES * 2));

/**
 * Writes what the caller did as events of Lex.
 *
 * @param endKey Follows the digits, so that Lex does not wait for more; empty: nothing does.
 * @returns `undefined` when there is nothing in it that Lex could hear.
 */
export function toLexInput(
  input: BotInput,
  endKey: string,
): AsyncIterable<LexInputEvent> | undefined {
  switch (input.type) {
    case 'speech-stream':
      return audioEvents(input.audio);
    case 'speech':
      return input.audio.length === 0 ? undefined : audioEvents([input.audio]);
    case 'digits':
      return keyEvents(input.digits + endKey);
    case 'start':
    case 'no-input':
      // Lex counts silence itself, by its own timers.
      return keyEvents('');
    case 'custom-event':
      return undefined;
    default:
      return input satisfies never;
  }
}

async function* keyEvents(keys: string): AsyncGenerator<LexInputEvent> {
  for (const inputCharacter of keys) yield { DTMFInputEvent: { inputCharacter } };
}

async function* audioEvents(
  audio: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<LexInputEvent> {
  const samples = new Int16Array(CHUNK_SAMPLES);
  for await (const piece of audio)
    for (let start = 0; start < piece.length; start += CHUNK_SAMPLES) {
      const end = Math.min(start + CHUNK_SAMPLES, piece.length);
      decodeMulaw(piece, samples, 0, start, end);
      yield toAudioEvent(encodeLinear16(samples.subarray(0, end - start)));
    }
}

function toAudioEvent(audioChunk: Uint8Array): LexInputEvent {
  return { AudioInputEvent: { audioChunk, contentType: CONTENT_TYPE } };
}
