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

/** What a prompt writer works with. */
export interface PromptWriterDeps {
  readonly clock: Clock;
  readonly sink: TurnSink;
  readonly playback: Playback;
  /** Of the answer; `undefined`: it cannot be called off. */
  readonly cancellation: Cancellation<unknown> | undefined;
}

/** Turns the sound of one answer into what the playback mode of the call wants. One object an answer, hence a class. */
export abstract class PromptWriter {
  #bytes = 0;
  /** Whether what was added last may be interrupted; `undefined` before anything was added. */
  lastBargeIn: BargeInBy | undefined;

  /**
   * Adds sound: µ-law, 8000 Hz, mono. A promise resolves when the writer has room for more; without one, there is.
   *
   * @throws {AbortError} When the answer was called off meanwhile.
   * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when the answer is longer than ten minutes.
   */
  add(audio: Uint8Array, by: BargeInBy): Promise<void> | undefined {
    this.#bytes += audio.length;
    if (this.#bytes > MAX_ANSWER_BYTES)
      throw new GatewayError('ERR_HANDLER_OUTPUT', 'the answer is longer than ten minutes');
    if (audio.length === 0) return undefined;
    this.lastBargeIn = by;
    return this.take(audio, by);
  }

  protected abstract take(audio: Uint8Array, by: BargeInBy): Promise<void> | undefined;
  /** Sends what is left, and gives the prompts of the closing answer. */
  abstract finish(): readonly Prompt[] | Promise<readonly Prompt[]>;
  /** Throws away what was not sent, and gives the prompts of the closing answer. */
  abstract discard(): readonly Prompt[];
}

/** Creates the writer of one answer for the given playback mode. */
export function createPromptWriter(mode: 'chunk' | 'wav', deps: PromptWriterDeps): PromptWriter {
  return mode === 'chunk' ? new ChunkWriter(deps) : new WavWriter(deps.playback);
}

class ChunkWriter extends PromptWriter {
  readonly #deps: PromptWriterDeps;
  /** Sound that is gathered to a chunk; made for a bot that speaks in small pieces. */
  #pieces: Uint8Array[] | undefined;
  #gathered = 0;
  #gatheredBy: BargeInBy = 'none';
  #hasStarted = false;
  #timer: Timer | undefined;

  constructor(deps: PromptWriterDeps) {
    super();
    this.#deps = deps;
  }

  protected override take(audio: Uint8Array, by: BargeInBy): Promise<void> | undefined {
    const flushing = by === this.#gatheredBy ? undefined : this.#flush();
    return flushing === undefined
      ? this.#append(audio, by)
      : flushing.then(() => this.#append(audio, by));
  }

  override finish(): readonly Prompt[] | Promise<readonly Prompt[]> {
    const flushing = this.#flush();
    const last = this.#gatheredBy === 'none' ? TERMINATOR : INTERRUPTIBLE_TERMINATOR;
    return flushing === undefined ? last : flushing.then(() => last);
  }

  override discard(): readonly Prompt[] {
    this.#timer?.cancel();
    return TERMINATOR;
  }

  #append(audio: Uint8Array, by: BargeInBy): Promise<void> | undefined {
    this.#gatheredBy = by;
    if (this.#gathered === 0 && audio.length >= FIRST_CHUNK_BYTES)
      return this.#send(chunksOf(audio, by !== 'none'), by);
    (this.#pieces ??= []).push(audio);
    this.#gathered += audio.length;
    if (this.#gathered >= (this.#hasStarted ? GATHERED_CHUNK_BYTES : FIRST_CHUNK_BYTES))
      return this.#flush();
    this.#flushInTime();
    return undefined;
  }

  /** A bot that speaks as slowly as it sounds must not be heard in pieces: what is gathered leaves before silence comes. */
  #flushInTime(): void {
    if (this.#timer !== undefined || this.#gathered === 0) return;
    const { clock, playback, cancellation } = this.#deps;
    const untilSilenceMs = playback.endsAtMs() - clock.now();
    this.#timer = clock.setTimer(Math.max(untilSilenceMs - FLUSH_MS, FLUSH_MS), () => {
      this.#timer = undefined;
      if (cancellation?.reason === undefined)
        runInBackground(async () => await this.#flush(), ignore);
    });
  }

  #flush(): Promise<void> | undefined {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#gathered === 0) return undefined;
    const audio = concatenate(this.#pieces ?? [], Math.max(this.#gathered, MIN_CHUNK_BYTES));
    this.#pieces = undefined;
    this.#gathered = 0;
    return this.#send(chunksOf(audio, this.#gatheredBy !== 'none'), this.#gatheredBy);
  }

  #send(messages: readonly TurnOutput[], by: BargeInBy, first = 0): Promise<void> | undefined {
    const { sink, playback, cancellation } = this.#deps;
    this.#hasStarted = true;
    for (let index = first; index < messages.length; index += 1) {
      const message = messages[index];
      if (message === undefined) break;
      cancellation?.throwIfCancelled();
      for (const prompt of message.prompts) playback.sent(prompt.audio, by);
      if (!sink.write(message)) return this.#sendFrom(messages, index + 1, by);
    }
    return undefined;
  }

  async #sendFrom(messages: readonly TurnOutput[], first: number, by: BargeInBy): Promise<void> {
    await this.#deps.sink.ready();
    await this.#send(messages, by, first);
  }
}

const ignore = (): void => undefined;

class WavWriter extends PromptWriter {
  readonly #playback: Playback;
  readonly #prompts: Prompt[] = [];
  readonly #spoken: UnheardSound[] = [];

  constructor(playback: Playback) {
    super();
    this.#playback = playback;
  }

  protected override take(audio: Uint8Array, by: BargeInBy): undefined {
    this.#prompts.push(wavPromptOf(audio, by !== 'none'));
    this.#spoken.push({ audio, by });
    return undefined;
  }

  override finish(): readonly Prompt[] {
    for (const { audio, by } of this.#spoken) this.#playback.sent(audio, by);
    return this.#prompts;
  }

  override discard(): readonly Prompt[] {
    return [];
  }
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
