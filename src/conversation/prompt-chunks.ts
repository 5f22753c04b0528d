import { TELEPHONE_FORMAT } from '../audio/audio-format.ts';
import { encodeWav } from '../audio/wav.ts';
import { chunk, type Prompt, type TurnOutput } from './turn-output.ts';

/** Largest chunk aimed at: 2 s of sound. The contract allows 100 to 65,536 bytes and asks for 8 to 16 KB. */
const TARGET_CHUNK_BYTES = 16_384;

type Chunks = Map<boolean, readonly TurnOutput[]>;
const chunksOfAudio = new WeakMap<Uint8Array, Chunks>();
const wavPrompts = new WeakMap<Uint8Array, Map<boolean, Prompt>>();

/**
 * Cuts ready sound into chunk messages of equal length, none above {@link TARGET_CHUNK_BYTES}.
 *
 * The same array gives the same messages, so that a phrase which is said often is cut and encoded once.
 *
 * @param audio µ-law, 8000 Hz, mono, at least 100 bytes; must not change afterwards.
 */
export function chunksOf(audio: Uint8Array, bargeIn: boolean): readonly TurnOutput[] {
  return remembered(chunksOfAudio, audio, bargeIn, () => {
    const count = Math.ceil(audio.length / TARGET_CHUNK_BYTES);
    const size = Math.ceil(audio.length / count);
    return Array.from({ length: count }, (_, index) =>
      chunk(audio.subarray(index * size, (index + 1) * size), bargeIn),
    );
  });
}

/** Wraps ready sound as a prompt of a WAV answer; the same array gives the same prompt. */
export function wavPromptOf(audio: Uint8Array, bargeIn: boolean): Prompt {
  return remembered(wavPrompts, audio, bargeIn, () => ({
    audio: encodeWav(audio, TELEPHONE_FORMAT),
    bargeIn,
  }));
}

function remembered<V>(
  memory: WeakMap<Uint8Array, Map<boolean, V>>,
  audio: Uint8Array,
  bargeIn: boolean,
  make: () => V,
): V {
  const known = memory.get(audio) ?? new Map<boolean, V>();
  memory.set(audio, known);
  const value = known.get(bargeIn) ?? make();
  known.set(bargeIn, value);
  return value;
}
