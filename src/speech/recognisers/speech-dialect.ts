import type { RecognitionRequest } from '../../conversation/speech-recogniser.ts';
import type { TextCollector } from './text-collector.ts';

/** How far the gateway is with an utterance. */
interface Progress {
  /** Messages with sound that were sent. */
  readonly soundMessages: number;
  /** Messages that came back, the one at hand included. */
  readonly answers: number;
  /** Whether the end of the sound was announced. */
  readonly hasEnded: boolean;
}

/** What a server of one kind is told, and how it is understood; the words of one protocol, without its connection. */
export interface SpeechDialect {
  readonly name: string;
  /** Where to connect for an utterance, and what the handshake carries. */
  target(request: RecognitionRequest): {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  /** Sent before the first sound. */
  readonly opening: readonly string[];
  /** Sent after the last sound: asks for the final text. */
  readonly ending: readonly string[];
  /** Makes a message of sound. @param mulaw µ-law, 8000 Hz, mono; 100 ms = 800 bytes, the last one shorter. */
  encode(mulaw: Uint8Array): Uint8Array;
  /**
   * Takes a message of the server.
   *
   * @param message Parsed JSON, of which nothing is known.
   * @returns Whether the text is complete.
   * @throws {GatewayError} `ERR_SPEECH_FAILED` when the server reports a fault, or cannot be understood.
   */
  hear(message: unknown, text: TextCollector, progress: Progress): boolean;
}
