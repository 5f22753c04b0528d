import { MULAW_SILENCE, TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';
import { runInBackground } from '../core/background.ts';
import type { Cancellation } from '../core/cancellation.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BargeInBy } from './barge-in.ts';
import type { Playback, UnheardSound } from './playback.ts';
import { chunksOf, wavPromptOf } from './prompt-chunks.ts';
import type { Prompt, TurnOutput } from './turn-output.ts';
import type { TurnSink } from './turn-sink.ts';

/** Smallest chunk the contract allows. */
const MIN_CHUNK_BYTES = 100;
/** 200 ms: enough to start playing, small enough to leave early. */
const FIRST_CHUNK_BYTES = 1_600;
/** One second; sound that comes in small pieces is gathered to this. */
const GATHERED_CHUNK_BYTES = 8_000;
/** How long gathered sound waits for more while nothing plays, and how long before the silence it leaves, in milliseconds. */
const FLUSH_MS = 60;
/** The longest answer: ten minutes of sound. A bot that never stops ends here. */
const MAX_ANSWER_BYTES = 10 * 60_000 * TELEPHONE_BYTES_PER_MS;

const TERMINATOR: readonly Prompt[] = [{ audio: new Uint8Array(0), bargeIn: false }];
const INTERRUPTIBLE_TERMINATOR: readonly Prompt[] = [{ audio: new Uint8Array(0), bargeIn: true }];

/** Turns the sound of one answer into what the playback mode of the call wants. */
export interface PromptWriter {
  /**
   * Adds sound: µ-law, 8000 Hz, mono. A promise resolves when the writer has room for more; without one, there is.
   *
   * @throws {AbortError} When the answer was called off meanwhile.
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when the answer is longer than ten minutes.
   */
  add(audio: Uint8Array, by: BargeInBy): Promise<void> | undefined;
  /** Sends what is left, and gives the prompts of the closing answer. */
  finish(): readonly Prompt[] | Promise<readonly Prompt[]>;
  /** Throws away what was not sent, and gives the prompts of the closing answer. */
  discard(): readonly Prompt[];
  /** Whether what was added last may be interrupted; `undefined` before anything was added. */
  readonly lastBargeIn: () => BargeInBy | undefined;
}

/** What a prompt writer works with. */
export interface PromptWriterDeps {
  readonly clock: Clock;
  readonly sink: TurnSink;
  readonly playback: Playback;
  /** Of the answer; `undefined`: it cannot be called off. */
  readonly cancellation: Cancellation<unknown> | undefined;
}

/** Creates the writer of one answer for the given playback mode. */
export function createPromptWriter(mode: 'chunk' | 'wav', deps: PromptWriterDeps): PromptWriter {
  let bytes = 0;
  let lastBargeIn: BargeInBy | undefined;
  const writer = mode === 'chunk' ? createChunkWriter(deps) : createWavWriter(deps.playback);
  return {
    add(audio, by) {
      bytes += audio.length;
      if (bytes > MAX_ANSWER_BYTES)
        throw new GatewayError('ERR_HANDLER_OUTPUT', 'the answer is longer than ten minutes');
      if (audio.length === 0) return undefined;
      lastBargeIn = by;
      return writer.add(audio, by);
    },
    finish: () => writer.finish(),
    discard: () => writer.discard(),
    lastBargeIn: () => lastBargeIn,
  };
}

type ModeWriter = Omit<PromptWriter, 'lastBargeIn'>;

function createChunkWriter({ clock, sink, playback, cancellation }: PromptWriterDeps): ModeWriter {
  let pieces: Uint8Array[] = [];
  let gathered = 0;
  let lastBargeIn: BargeInBy = 'none';
  let hasStarted = false;
  let timer: Timer | undefined;

  /** A bot that speaks as slowly as it sounds must not be heard in pieces: what is gathered leaves before silence comes. */
  const flushInTime = (): void => {
    if (timer !== undefined || gathered === 0) return;
    const untilSilenceMs = playback.endsAtMs() - clock.now();
    timer = clock.setTimer(Math.max(untilSilenceMs - FLUSH_MS, FLUSH_MS), () => {
      timer = undefined;
      if (cancellation?.reason === undefined) runInBackground(async () => await flush(), ignore);
    });
  };
  const sendFrom = async (
    messages: readonly TurnOutput[],
    first: number,
    by: BargeInBy,
  ): Promise<void> => {
    await sink.ready();
    await send(messages, by, first);
  };
  const send = (
    messages: readonly TurnOutput[],
    by: BargeInBy,
    first = 0,
  ): Promise<void> | undefined => {
    hasStarted = true;
    for (let index = first; index < messages.length; index += 1) {
      const message = messages[index];
      if (message === undefined) break;
      cancellation?.throwIfCancelled();
      for (const prompt of message.prompts) playback.sent(prompt.audio, by);
      if (!sink.write(message)) return sendFrom(messages, index + 1, by);
    }
    return undefined;
  };
  const flush = (): Promise<void> | undefined => {
    timer?.cancel();
    timer = undefined;
    if (gathered === 0) return undefined;
    const audio = concatenate(pieces, Math.max(gathered, MIN_CHUNK_BYTES));
    pieces = [];
    gathered = 0;
    return send(chunksOf(audio, lastBargeIn !== 'none'), lastBargeIn);
  };
  const append = (audio: Uint8Array, by: BargeInBy): Promise<void> | undefined => {
    lastBargeIn = by;
    if (gathered === 0 && audio.length >= FIRST_CHUNK_BYTES)
      return send(chunksOf(audio, by !== 'none'), by);
    pieces.push(audio);
    gathered += audio.length;
    if (gathered >= (hasStarted ? GATHERED_CHUNK_BYTES : FIRST_CHUNK_BYTES)) return flush();
    flushInTime();
    return undefined;
  };
  return {
    add(audio, by) {
      const flushing = by === lastBargeIn ? undefined : flush();
      return flushing === undefined ? append(audio, by) : flushing.then(() => append(audio, by));
    },
    finish() {
      const flushing = flush();
      const last = lastBargeIn === 'none' ? TERMINATOR : INTERRUPTIBLE_TERMINATOR;
      return flushing === undefined ? last : flushing.then(() => last);
    },
    discard() {
      timer?.cancel();
      return TERMINATOR;
    },
  };
}

const ignore = (): void => undefined;

function createWavWriter(playback: Playback): ModeWriter {
  const prompts: Prompt[] = [];
  const spoken: UnheardSound[] = [];
  return {
    add(audio, by) {
      prompts.push(wavPromptOf(audio, by !== 'none'));
      spoken.push({ audio, by });
      return undefined;
    },
    finish() {
      for (const { audio, by } of spoken) playback.sent(audio, by);
      return prompts;
    },
    discard: () => [],
  };
}

/** Joins `pieces` into `length` bytes; what they do not fill is silence. */
function concatenate(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces;
  // The array itself, so that a short phrase which is said often keeps its identity.
  if (pieces.length === 1 && only?.length === length) return only;
  const audio = new Uint8Array(length).fill(MULAW_SILENCE);
  let offset = 0;
  for (const piece of pieces) {
    audio.set(piece, offset);
    offset += piece.length;
  }
  return audio;
}
