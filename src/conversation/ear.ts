import type { CallerAudio } from '../audio/caller-audio.ts';
import type { Endpointer } from '../audio/endpointer.ts';
import type { SpeechCollector } from '../audio/speech-collector.ts';
import type { VoiceActivityDetector } from '../audio/voice-activity.ts';
import type { CallerInput } from './caller-input.ts';

/** Who wants to know what the ear hears. */
export interface EarListener {
  speechStarted(): void;
  speechEnded(): void;
}

/** What the caller said. */
export interface Utterance {
  /** µ-law, 8000 Hz, mono; empty when it was not asked for. */
  readonly audio: Uint8Array;
  readonly durationMs: number;
}

/** The parts of an ear; it owns them and frees them. */
export interface EarParts {
  readonly callerAudio: CallerAudio;
  readonly detector: VoiceActivityDetector;
  readonly endpointer: Endpointer;
  /** Absent when the bot does not want the sound. */
  readonly collector: SpeechCollector | undefined;
}

/**
 * Listens to one caller for a whole call: the state of decoder, resampler and detector lives across turns. One object a
 * call and one bound frame function, since this runs fifty times a second for each call.
 */
export class Ear {
  readonly #parts: EarParts;
  #listener: EarListener | undefined;

  constructor(parts: EarParts) {
    this.#parts = parts;
  }

  readonly #onFrame = (pcm: Int16Array): void => {
    const { detector, endpointer, collector } = this.#parts;
    collector?.push(pcm);
    const edge = endpointer.push(detector.isSpeech(pcm));
    if (edge === 'speech-start') {
      collector?.start();
      this.#listener?.speechStarted();
    } else if (edge === 'speech-end') this.#listener?.speechEnded();
  };

  /** Hears one packet on behalf of `listener`. */
  hear(input: Extract<CallerInput, { readonly type: 'audio' }>, listener: EarListener): void {
    this.#listener = listener;
    this.#parts.callerAudio.push(input.audio, input.encoding, input.sampleRateHz, this.#onFrame);
  }

  /** Whether the caller is speaking. */
  get isSpeaking(): boolean {
    return this.#parts.endpointer.isSpeaking;
  }

  /** Takes the utterance that ended and begins to listen for the next one. */
  takeUtterance(): Utterance {
    const durationMs = this.#parts.endpointer.speechMs;
    const audio = this.#parts.collector?.take() ?? new Uint8Array(0);
    this.restart();
    return { audio, durationMs };
  }

  /**
   * Forgets a half-heard utterance. The caller's audio format is kept, and so is what the detector knows of the noise on
   * the line: a detector that starts anew takes the first noise for speech.
   */
  restart(): void {
    this.#parts.endpointer.reset();
    this.#parts.collector?.reset();
    this.#parts.callerAudio.reset();
  }

  close(): void {
    this.#listener = undefined;
    this.#parts.callerAudio.close();
    this.#parts.detector.close();
  }
}
