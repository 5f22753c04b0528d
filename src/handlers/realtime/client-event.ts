import type { JsonObject } from '../../core/json.ts';
import type { BotInput } from '../bot-handler.ts';
import type { Note } from './notes.ts';
import type { RealtimeOptions } from './realtime-options.ts';

/** An event for the server; the connection gives it its id. */
export interface ClientEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** An item of the conversation with the words of somebody. */
export function toTextItem({ role, text }: Note, { dialect }: RealtimeOptions): ClientEvent {
  const spoken = dialect === 'ga' ? 'output_text' : 'text';
  const content = [{ type: role === 'assistant' ? spoken : 'input_text', text }];
  return { type: 'conversation.item.create', item: { type: 'message', role, content } };
}

/** The item that tells the model what a function gave. */
export function toToolResult(callId: string, output: string): ClientEvent {
  return {
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id: callId, output },
  };
}

/** What of an input the model is told in words; `isSecret` when it must not be noted down. */
export interface ToldInput {
  readonly role: 'user' | 'system';
  readonly text: string;
  readonly isSecret: boolean;
}

/** The words for an input; `undefined` for one that has none. */
export function tellInput(input: BotInput, options: RealtimeOptions): ToldInput | undefined {
  switch (input.type) {
    case 'digits':
      return tellDigits(input.digits, input.sensitive, options);
    case 'speech':
      return input.text === undefined || input.text === ''
        ? undefined
        : { role: 'user', text: input.text, isSecret: input.sensitive };
    case 'no-input':
      return options.noInput === undefined ? undefined : tell('system', options.noInput);
    case 'custom-event':
      return options.events === 'ignore'
        ? undefined
        : tell('system', `Event "${input.name}": ${JSON.stringify(limit(input.parameters))}`);
    case 'start':
    case 'speech-stream':
      return undefined;
    default:
      return input satisfies never;
  }
}

function tellDigits(digits: string, sensitive: boolean, options: RealtimeOptions): ToldInput {
  if (sensitive && options.sensitiveDigits === 'withhold')
    return tell('user', 'The caller pressed keys that are confidential and not shown to you.');
  // One key after another, or a model would read a number.
  return {
    ...tell('user', `The caller pressed ${digits.split('').join(' ')}.`),
    isSecret: sensitive,
  };
}

function tell(role: 'user' | 'system', text: string): ToldInput {
  return { role, text, isSecret: false };
}

/** Largest parameters of an event that the model is told, in characters of JSON. */
const MAX_PARAMETERS_LENGTH = 8192;

function limit(parameters: JsonObject): JsonObject {
  return JSON.stringify(parameters).length <= MAX_PARAMETERS_LENGTH
    ? parameters
    : { error: 'too large' };
}
