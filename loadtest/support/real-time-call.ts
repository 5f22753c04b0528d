import { randomUUID } from 'node:crypto';

import {
  FRAME_MS,
  FRAME_SAMPLES,
  MULAW_SILENCE,
  TELEPHONE_BYTES_PER_MS,
} from '../../src/audio/audio-format.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { readCallAnswer } from './call-answer.ts';
import type { CallConnection, CallStreamListener } from './call-connection.ts';
import { ORGANISATION } from './gateway-child.ts';
import { encodeMessage } from './measured-rpc.ts';
import { Tally } from './tally.ts';
import type { Utterance } from './utterances.ts';

/** What a caller says, in frames of 20 ms. */
export interface SpokenWords extends Pick<Utterance, 'onsetMs'> {
  readonly frames: readonly Uint8Array[];
}

/** What all calls of a load measured since it was last reset. */
export class CallFigures {
  /** From SESSION_START leaving to the first sound. */
  readonly greetingsMs = new Tally();
  /** From END_OF_INPUT to the first sound of the answer. */
  readonly answersMs = new Tally();
  /** From END_OF_INPUT to the end of the RPC. */
  readonly turnsMs = new Tally();
  /** From the frame with which speech should be heard to START_OF_INPUT; a detector that is a frame later counts as delay. */
  readonly reactionsMs = new Tally();
  /** From SESSION_START leaving to the news that there is no room. */
  readonly refusalsMs = new Tally();
  errors: Record<string, number> = {};

  get #all(): readonly Tally[] {
    return [this.greetingsMs, this.answersMs, this.turnsMs, this.reactionsMs, this.refusalsMs];
  }

  fault(kind: string): void {
    this.errors[kind] = (this.errors[kind] ?? 0) + 1;
  }

  reset(): void {
    for (const tally of this.#all) tally.reset();
    this.errors = {};
  }
}

/** A caller who breathes for so long after a prompt, and up to as much again. */
const PAUSE_FRAMES = 25;
/** Nobody reacted to what the caller said, or to its end: says it again. */
const UNHEARD_FRAMES = 500;
const NOISE_FRAMES = 50;
const NOISE_PEAK = 60;
/** Of gRPC. */
const RESOURCE_EXHAUSTED = '8';
const MARK = new Uint8Array(FRAME_SAMPLES).fill(0xab);

/** A quiet line, frame by frame: detectors must listen, and hear no speech. */
export const LINE_NOISE: readonly Uint8Array[] = Array.from({ length: NOISE_FRAMES }, () =>
  encodeMulaw(
    Int16Array.from({ length: FRAME_SAMPLES }, () =>
      Math.round((Math.random() * 2 - 1) * NOISE_PEAK),
    ),
  ),
);

/** Cuts an utterance into frames. */
export function toSpokenWords({ audio, onsetMs }: Utterance): SpokenWords {
  const count = Math.ceil(audio.length / FRAME_SAMPLES);
  const padded = new Uint8Array(count * FRAME_SAMPLES).fill(MULAW_SILENCE);
  padded.set(audio);
  const frames = Array.from({ length: count }, (_, index) =>
    padded.subarray(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES),
  );
  return { frames, onsetMs };
}

/** What a call is placed with. */
export interface RealTimeCallDeps {
  readonly connection: CallConnection;
  readonly figures: CallFigures;
  readonly words: SpokenWords;
  readonly agentId: string;
}

/**
 * A caller who sends sound without a pause, from the greeting to the end: listens to each prompt, says something, listens again. A new
 * RPC each time, as Webex does. One object a call, made once; nothing is made for a frame.
 */
export class RealTimeCall implements CallStreamListener {
  readonly #deps: RealTimeCallDeps;
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #audio: Buffer;
  readonly #audioAt: number;
  #state: 'waiting' | 'starting' | 'talking' | 'over' = 'waiting';
  #startsAtMs = Infinity;
  #streamId = 0;
  #answerBytes = 0;
  #askedAtMs = Number.NaN;
  #isAnswered = false;
  #isHeard = false;
  #quietFrames = 0;
  /** Of the words: the frame that comes next. */
  #next = 0;
  #spokeAtMs = 0;
  #unheardFrames = 0;
  #noiseAt = Math.floor(Math.random() * NOISE_FRAMES);

  constructor(deps: RealTimeCallDeps) {
    this.#deps = deps;
    const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
    const write = createRequestWriter({
      conversationId: randomUUID(),
      organisationId: ORGANISATION,
      agentId: deps.agentId,
    });
    this.#start = encodeMessage(method.requestSerialize(write.event('SESSION_START')));
    this.#end = encodeMessage(method.requestSerialize(write.event('SESSION_END')));
    this.#audio = encodeMessage(method.requestSerialize(write.audio(MARK)));
    this.#audioAt = this.#audio.indexOf(MARK);
  }

  /** Rings at the time, of `performance.now()`. */
  startAt(atMs: number): void {
    this.#startsAtMs = atMs;
  }

  get isOn(): boolean {
    return this.#state === 'starting' || this.#state === 'talking';
  }

  /** Lets 20 ms go by, which were due at `dueMs`. @returns Whether a frame of sound was sent. */
  tick(dueMs: number): boolean {
    if (this.#state === 'waiting' && dueMs >= this.#startsAtMs) this.#ring();
    if (this.#state !== 'talking') return false;
    const { connection } = this.#deps;
    if (this.#streamId === 0) {
      this.#streamId = connection.open(this);
      this.#answerBytes = 0;
      this.#askedAtMs = Number.NaN;
      this.#isAnswered = false;
    }
    this.#audio.set(this.#nextFrame(), this.#audioAt);
    connection.send(this.#streamId, this.#audio);
    return true;
  }

  #ring(): void {
    const { connection } = this.#deps;
    this.#state = 'starting';
    this.#streamId = connection.open(this);
    connection.send(this.#streamId, this.#start);
    connection.halfClose(this.#streamId);
    this.#askedAtMs = performance.now();
  }

  #nextFrame(): Uint8Array {
    const { words, figures } = this.#deps;
    const quiet = LINE_NOISE[this.#noiseAt] ?? MARK;
    this.#noiseAt = (this.#noiseAt + 1) % NOISE_FRAMES;
    if (this.#quietFrames > 0) {
      this.#quietFrames -= 1;
      return quiet;
    }
    const frame = words.frames[this.#next];
    if (frame === undefined) {
      this.#unheardFrames += 1;
      if (this.#unheardFrames > UNHEARD_FRAMES) {
        figures.fault(this.#isHeard ? 'unended' : 'unheard');
        this.#rest(0);
      }
      return quiet;
    }
    if (this.#next === 0) this.#spokeAtMs = performance.now();
    this.#next += 1;
    return frame;
  }

  /** Listens to a prompt of so many bytes, takes breath, and begins to speak. */
  #rest(promptBytes: number): void {
    const promptMs = promptBytes / TELEPHONE_BYTES_PER_MS;
    this.#quietFrames = Math.round(promptMs / FRAME_MS + PAUSE_FRAMES * (1 + Math.random()));
    this.#next = 0;
    this.#unheardFrames = 0;
    this.#isHeard = false;
  }

  answered(message: Buffer): void {
    const { figures, words } = this.#deps;
    const { event, audioBytes } = readCallAnswer(message);
    const now = performance.now();
    if (event === 'start-of-input') {
      this.#isHeard = true;
      if (this.#next === 0) figures.fault('false-start');
      else figures.reactionsMs.note(now - this.#spokeAtMs - words.onsetMs);
    }
    if (event === 'end-of-input') this.#askedAtMs = now;
    this.#answerBytes += audioBytes;
    if (audioBytes === 0 || this.#isAnswered) return;
    this.#isAnswered = true;
    const tally = this.#state === 'starting' ? figures.greetingsMs : figures.answersMs;
    tally.note(now - this.#askedAtMs);
  }

  ended(status: string): void {
    const { figures } = this.#deps;
    this.#streamId = 0;
    if (this.#state === 'over') return;
    if (status !== '0') {
      if (status === RESOURCE_EXHAUSTED && this.#state === 'starting')
        figures.refusalsMs.note(performance.now() - this.#askedAtMs);
      else figures.fault(`status ${status}`);
      this.#state = 'over';
      return;
    }
    if (Number.isNaN(this.#askedAtMs)) figures.fault('ended-early');
    else if (this.#answerBytes === 0) figures.fault('silent-turn');
    if (this.#state === 'talking') figures.turnsMs.note(performance.now() - this.#askedAtMs);
    if (this.#state === 'starting') this.#state = 'talking';
    this.#rest(this.#answerBytes);
  }

  /** Hangs up, in an RPC of its own; a call that has not begun never does. */
  hangUp(): void {
    const { connection, figures } = this.#deps;
    const wasOn = this.isOn;
    this.#state = 'over';
    if (!wasOn) return;
    if (this.#streamId !== 0) connection.halfClose(this.#streamId);
    const streamId = connection.open({
      answered: () => undefined,
      ended: (status) => (status === '0' ? undefined : figures.fault(`status ${status}`)),
    });
    connection.send(streamId, this.#end);
    connection.halfClose(streamId);
  }
}
