import { TELEPHONE_FORMAT } from '../audio/audio-format.ts';
import type { CallerAudio } from '../audio/caller-audio.ts';
import type { Endpointer, EndpointerOptions } from '../audio/endpointer.ts';
import type { SpeechCollector } from '../audio/speech-collector.ts';
import { type SpeechStream, type SpeechTally, createSpeechStream } from '../audio/speech-stream.ts';
import type { VoiceActivityDetector } from '../audio/voice-activity.ts';
import type { CallerInput } from './caller-input.ts';

/** Who wants to know what the ear hears. */
export interface EarListener {
  speechStarted(): void;
  speechEnded(): void;
  /** A key was heard in the sound; only where that is looked for. */
  keyPressed(key: string): void;
}

/** What the caller said. */
export interface Utterance {
  /** µ-law, 8000 Hz, mono; empty when it was not asked for. */
  readonly audio: Uint8Array;
  /** From the first to the last sound of speech. */
  readonly speechMs: number;
}

/** Finds keys in sound; part of an ear where the agent wants it. */
export interface KeyDetector {
  /** Takes the next frame: PCM16, 8000 Hz, mono, 20 ms. Gives a key once, when it is sure. */
  push(pcm: Int16Array): string | undefined;
  /** Whether the frame before held a key, which is no speech. */
  readonly isKeyHeard: boolean;
}

/** The parts of an ear; it owns them and frees them. */
export interface EarParts {
  readonly callerAudio: CallerAudio;
  readonly detector: VoiceActivityDetector;
  readonly endpointer: Endpointer;
  /** Absent when nobody wants the sound. */
  readonly collector: SpeechCollector | undefined;
  readonly keys: KeyDetector | undefined;
  /** The most of an utterance that a stream passes on, in bytes. */
  readonly maxStreamBytes: number;
  /** Where streams count what waits and what is dropped; absent: nowhere. */
  readonly tally?: SpeechTally | undefined;
}

/**
 * Listens to one caller for a whole call: the state of decoder, resampler and detector lives across turns. One object a
 * call and one bound frame function, since this runs fifty times a second for each call.
 */
export class Ear {
  readonly #parts: EarParts;
  #listener: EarListener | undefined;
  #stream: SpeechStream | undefined;
  #timing: EndpointerOptions | undefined;
  #guardMs = 0;
  /** Speech has begun, and is too short yet to count while a prompt plays. */
  #isDoubtful = false;

  constructor(parts: EarParts) {
    this.#parts = parts;
  }

  readonly #onFrame = (pcm: Int16Array): void => {
    const { detector, endpointer, collector, keys } = this.#parts;
    const key = keys?.push(pcm);
    if (key !== undefined) this.#listener?.keyPressed(key);
    collector?.push(pcm);
    const edge = endpointer.push(detector.isSpeech(pcm) && keys?.isKeyHeard !== true);
    if (edge === 'speech-start') {
      this.#isDoubtful = true;
      collector?.start(this.#pass);
    }
    if (this.#isDoubtful && endpointer.speechMs >= this.#guardMs) {
      this.#isDoubtful = false;
      this.#listener?.speechStarted();
    }
    if (edge !== 'speech-end') return;
    if (this.#isDoubtful) this.restart();
    else this.#listener?.speechEnded();
  };

  readonly #pass = (piece: Uint8Array): void => this.#stream?.push(piece);

  /**
   * Hears one packet on behalf of `listener`.
   *
   * @param guardMs Speech that counts as its start at this moment; 0: what the endpointer takes for it.
   */
  hear(
    input: Extract<CallerInput, { readonly type: 'audio' }>,
    listener: EarListener,
    guardMs: number,
  ): void {
    this.#listener = listener;
    this.#guardMs = guardMs;
    this.#parts.callerAudio.push(input.audio, input.encoding, input.sampleRateHz, this.#onFrame);
  }

  /** Whether the caller is speaking, and that has been told. */
  get isSpeaking(): boolean {
    return this.#parts.endpointer.isSpeaking && !this.#isDoubtful;
  }

  /** Streams the utterance that has just begun, from a little before its beginning to its end. */
  stream(): AsyncIterable<Uint8Array> {
    const { collector, maxStreamBytes, tally } = this.#parts;
    const stream = createSpeechStream(maxStreamBytes, tally);
    this.#stream = stream;
    const soFar = collector?.peek();
    if (soFar !== undefined && soFar.length > 0) stream.push(soFar);
    return stream.audio;
  }

  /** Takes the utterance that ended and begins to listen for the next one. */
  takeUtterance(): Utterance {
    const { speechMs } = this.#parts.endpointer;
    const audio = this.#parts.collector?.take() ?? new Uint8Array(0);
    this.restart();
    return { audio, speechMs };
  }

  /** Sets when the next utterance begins and ends; the same object costs nothing. One that is under way goes on. */
  tune(timing: EndpointerOptions): void {
    if (timing === this.#timing || this.#parts.endpointer.isSpeaking) return;
    this.#timing = timing;
    this.restart();
  }

  /**
   * Forgets a half-heard utterance. The caller's audio format is kept, and so is what the detector knows of the noise on
   * the line: a detector that starts anew takes the first noise for speech.
   */
  restart(): void {
    this.#stream?.end();
    this.#stream = undefined;
    this.#isDoubtful = false;
    this.#parts.endpointer.reset(this.#timing);
    this.#parts.collector?.reset();
    this.#parts.callerAudio.reset();
  }

  close(): void {
    this.#stream?.end();
    this.#listener = undefined;
    this.#parts.callerAudio.close();
    this.#parts.detector.close();
  }
}

/** Whether a message has no sound, and declares no more than what an ear takes for granted. */
export function isWithoutNews({
  audio,
  encoding = TELEPHONE_FORMAT.encoding,
  sampleRateHz,
}: Extract<CallerInput, { readonly type: 'audio' }>): boolean {
  return (
    audio.length === 0 &&
    encoding === TELEPHONE_FORMAT.encoding &&
    (sampleRateHz === 0 || sampleRateHz === TELEPHONE_FORMAT.sampleRateHz)
  );
}
