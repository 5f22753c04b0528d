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

const EMPTY: TurnOutput = {
  responseType: 'final',
  prompts: [],
  event: undefined,
  listen: undefined,
  transcript: undefined,
  summary: undefined,
};

/** The caller began to speak. */
export const START_OF_INPUT: TurnOutput = eventOnly({
  type: 'start-of-input',
  name: '',
  metadata: {},
});

/** The caller's utterance is complete. */
export const END_OF_INPUT: TurnOutput = eventOnly({
  type: 'end-of-input',
  name: '',
  metadata: {},
});

/** A closing answer that says nothing and asks for nothing: the reply to a caller who has hung up. */
export const NOTHING_MORE: TurnOutput = EMPTY;

/** A message that carries one event and no prompt. */
export function eventOnly(event: OutputEvent): TurnOutput {
  return { ...EMPTY, event };
}

/** A message with one piece of raw audio, 100 to 65,536 bytes. */
export function chunk(audio: Uint8Array, bargeIn: boolean): TurnOutput {
  return { ...EMPTY, responseType: 'chunk', prompts: [{ audio, bargeIn }] };
}

/** A message with a WAV prompt that does not close the answer; only for a caller who allows such. */
export function partial(prompt: Prompt): TurnOutput {
  return { ...EMPTY, responseType: 'partial', prompts: [prompt] };
}

/** The closing answer of a turn; what is not given is left out of it. */
export function final(parts: Partial<Omit<TurnOutput, 'responseType'>>): TurnOutput {
  return { ...EMPTY, ...parts };
}

const closings = new WeakMap<readonly Prompt[], WeakMap<ListenSettings, TurnOutput>>();

/** The closing answer that most turns have: the same two objects give the same message, so that it is encoded once. */
export function closing(prompts: readonly Prompt[], listen: ListenSettings): TurnOutput {
  const known = closings.get(prompts) ?? new WeakMap<ListenSettings, TurnOutput>();
  closings.set(prompts, known);
  const message = known.get(listen) ?? final({ prompts, listen });
  known.set(listen, message);
  return message;
}
