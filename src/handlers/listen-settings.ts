/** What the caller may use to answer next. */
export type InputMode = 'voice' | 'digits' | 'voice-and-digits';

/** How keypad digits of the next input are collected. Webex applies it; the gateway applies it again on arrival. */
export interface DigitSettings {
  /** Most digits of one input, 1 to 64. */
  readonly maxLength?: number;
  /** The key that ends the digits, one of `0-9 A-D * #`; it is not part of them. */
  readonly terminator?: string;
  /** Silence after a digit that ends the digits, in milliseconds. */
  readonly interDigitTimeoutMs?: number;
}

/** Speech timers of the next input, in milliseconds. An absent one is left to Webex. */
export interface SpeechTimers {
  /** Silence allowed before any speech; 0 or absent: no limit. */
  readonly noInputTimeoutMs?: number;
  /** Silence after speech that completes the utterance. */
  readonly completeTimeoutMs?: number;
  /** Silence after which an utterance that is not complete is given up. */
  readonly incompleteTimeoutMs?: number;
  /** The longest utterance. */
  readonly maxSpeechMs?: number;
}

/** How the gateway and Webex listen for the caller's next input. */
export interface ListenSettings {
  readonly mode: InputMode;
  readonly digits?: DigitSettings;
  readonly speech?: SpeechTimers;
  /** The next input is confidential: nothing of it reaches logs, traces, recordings or transcripts. */
  readonly sensitive?: boolean;
}
