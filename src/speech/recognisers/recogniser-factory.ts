import type { SpeechRecogniser } from '../../conversation/speech-recogniser.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';

/** How an utterance came out, as a closed set for metrics. */
export type RecognitionOutcome =
  /** A final text. */
  | 'recognised'
  /** Listened to, and nothing understood. */
  | 'nothing'
  /** The final text was late, and the last guess was taken instead. */
  | 'guessed'
  /** Confidential, and never sent. */
  | 'skipped'
  /** Nobody wanted the text any more. */
  | 'aborted'
  /** As many utterances as are allowed were under way. */
  | 'busy'
  /** No final text in time. */
  | 'late'
  | 'failed';

/** What is told of an utterance. */
export interface RecognitionResult {
  readonly outcome: RecognitionOutcome;
  /** From the end of the sound to the text, in milliseconds; `undefined` when the sound had not ended or was not heard. */
  readonly latencyMs: number | undefined;
}

/** What the gateway gives a recogniser when it is created. */
export interface RecogniserDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Folder that relative paths in the options start from. Default: the working folder. */
  readonly baseDir?: string;
  /** Called once for each utterance. */
  readonly onResult?: (result: RecognitionResult) => void;
}

/** Makes a recogniser from its options in the configuration; connects to nothing. */
export interface RecogniserFactory {
  readonly name: string;
  /** @throws {GatewayError} `ERR_CONFIG_INVALID` with every wrong option and its path, never with a value. */
  create(options: unknown, deps: RecogniserDeps): Promise<SpeechRecogniser>;
}
