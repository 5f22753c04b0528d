import type { JsonObject } from '../core/json.ts';
import type { ListenSettings } from '../handlers/listen-settings.ts';

/** An output event of the flow; at most one travels in a message. */
export interface OutputEvent {
  readonly type:
    | 'session-end'
    | 'transfer-to-agent'
    | 'custom-event'
    | 'start-of-input'
    | 'end-of-input'
    | 'no-match'
    | 'no-input';
  readonly name: string;
  readonly metadata: JsonObject;
}

/** A prompt: µ-law, 8000 Hz, mono; raw in a chunk, with a RIFF header in a WAV answer, empty in a terminator. */
export interface Prompt {
  readonly audio: Uint8Array;
  readonly bargeIn: boolean;
}

/**
 * One message to Webex, in the words of the domain. Objects are immutable; one that is sent often (a greeting, a menu)
 * is made once and sent again, so that the encoder can remember its bytes.
 */
export interface TurnOutput {
  readonly responseType: 'final' | 'partial' | 'chunk';
  readonly prompts: readonly Prompt[];
  readonly event: OutputEvent | undefined;
  /** How to listen for the next input; `undefined` leaves mode and handling out, as terminal answers must. */
  readonly listen: ListenSettings | undefined;
  readonly transcript: string | undefined;
  readonly summary: string | undefined;
}
