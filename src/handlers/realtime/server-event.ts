import { TELEPHONE_BYTES_PER_MS } from '../../audio/audio-format.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';

/** A function that the model wants called. */
export interface ToolCall {
  readonly type: 'tool-call';
  readonly responseId: string;
  readonly callId: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

/** How a response ended. */
interface ResponseDone {
  readonly type: 'response-done';
  readonly responseId: string;
  readonly status: 'completed' | 'cancelled' | 'incomplete' | 'failed';
  /** What the server calls the reason; empty when it gave none that is a name. */
  readonly reason: string;
}

/** What the server says, in our words and for both dialects; `ignored` is all that changes nothing here. */
export type ServerEvent =
  | { readonly type: 'session-created' }
  /** `format` is that of the model's sound, empty when the server did not say. */
  | { readonly type: 'session-updated'; readonly format: string }
  | { readonly type: 'response-created'; readonly responseId: string }
  | {
      readonly type: 'audio';
      readonly responseId: string;
      readonly itemId: string;
      readonly contentIndex: number;
      /** µ-law, 8000 Hz, mono. */
      readonly audio: Uint8Array;
    }
  | { readonly type: 'words'; readonly responseId: string; readonly text: string }
  | ToolCall
  | ResponseDone
  | { readonly type: 'input-committed'; readonly itemId: string }
  | { readonly type: 'input-understood'; readonly itemId: string; readonly text: string }
  /** `requestId` is the id of the event of ours that it is about; empty when it is about none. */
  | { readonly type: 'error'; readonly requestId: string; readonly reason: string }
  | { readonly type: 'ignored' };

/** Names of the general release, as the rest of this file calls them, for those that the beta has. */
const GA_NAMES: Readonly<Record<string, string>> = {
  'response.audio.delta': 'response.output_audio.delta',
  'response.audio_transcript.delta': 'response.output_audio_transcript.delta',
};
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;
/** What a server calls a reason; a sentence could quote somebody. */
const NAME = /^[a-z][\w.-]{0,63}$/iu;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one message of the server.
 *
 * @throws {GatewayError} `ERR_HANDLER_OUTPUT` when it is no event, or lacks what an event of its kind must have; it quotes
 * nothing of the message.
 */
export function decodeServerEvent(message: string): ServerEvent {
  const fields = parse(message);
  const type = textOf(fields, 'type');
  switch (GA_NAMES[type] ?? type) {
    case 'session.created':
      return { type: 'session-created' };
    case 'session.updated':
      return { type: 'session-updated', format: formatOf(fields) };
    case 'response.created':
      return { type: 'response-created', responseId: textOf(recordOf(fields, 'response'), 'id') };
    case 'response.output_audio.delta':
      return {
        type: 'audio',
        responseId: textOf(fields, 'response_id'),
        itemId: textOf(fields, 'item_id'),
        contentIndex: typeof fields['content_index'] === 'number' ? fields['content_index'] : 0,
        audio: soundOf(textOf(fields, 'delta')),
      };
    case 'response.output_audio_transcript.delta':
      return {
        type: 'words',
        responseId: textOf(fields, 'response_id'),
        text: textOf(fields, 'delta'),
      };
    case 'response.output_item.done':
      return toToolCall(fields);
    case 'response.done':
      return toResponseDone(recordOf(fields, 'response'));
    case 'input_audio_buffer.committed':
      return { type: 'input-committed', itemId: textOf(fields, 'item_id') };
    case 'conversation.item.input_audio_transcription.completed':
      return {
        type: 'input-understood',
        itemId: textOf(fields, 'item_id'),
        text: textOf(fields, 'transcript'),
      };
    case 'error': {
      const error = recordOf(fields, 'error');
      const requestId = error['event_id'];
      return {
        type: 'error',
        requestId: typeof requestId === 'string' ? requestId : '',
        reason: nameOf(error['code']) || nameOf(error['type']),
      };
    }
    default:
      return { type: 'ignored' };
  }
}

function toToolCall(fields: Fields): ServerEvent {
  const item = recordOf(fields, 'item');
  if (item['type'] !== 'function_call') return { type: 'ignored' };
  return {
    type: 'tool-call',
    responseId: textOf(fields, 'response_id'),
    callId: textOf(item, 'call_id'),
    name: textOf(item, 'name'),
    arguments: textOf(item, 'arguments'),
  };
}

function toResponseDone(response: Fields): ResponseDone {
  const { status } = response;
  const details = isRecord(response['status_details']) ? response['status_details'] : {};
  const error = isRecord(details['error']) ? details['error'] : {};
  if (
    status !== 'completed' &&
    status !== 'cancelled' &&
    status !== 'incomplete' &&
    status !== 'failed'
  )
    throw malformed('a response ended in an unknown way');
  return {
    type: 'response-done',
    responseId: textOf(response, 'id'),
    status,
    reason: nameOf(error['code']) || nameOf(error['type']) || nameOf(details['reason']),
  };
}

/** Wherever the dialect has it. */
function formatOf(fields: Fields): string {
  const session = recordOf(fields, 'session');
  const audio = isRecord(session['audio']) ? session['audio'] : {};
  const output = isRecord(audio['output']) ? audio['output'] : {};
  const format = isRecord(output['format'])
    ? output['format']['type']
    : session['output_audio_format'];
  return typeof format === 'string' ? format : '';
}

function soundOf(base64: string): Uint8Array {
  if (!BASE64.test(base64)) throw malformed('sound is not base64');
  return Buffer.from(base64, 'base64');
}

function parse(message: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    // The error of JSON.parse quotes the message, so it is dropped.
    throw malformed('a message is not JSON');
  }
  if (!isRecord(value)) throw malformed('a message is not an object');
  return value;
}

function recordOf(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (!isRecord(value)) throw malformed(`an event has no object "${name}"`);
  return value;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw malformed(`an event has no text "${name}"`);
  return value;
}

function nameOf(value: unknown): string {
  return typeof value === 'string' && NAME.test(value) ? value : '';
}

function malformed(what: string): GatewayError {
  return new GatewayError('ERR_HANDLER_OUTPUT', `the realtime server broke its protocol: ${what}`);
}

/** Length of µ-law sound, in milliseconds. */
export function lengthMs(bytes: number): number {
  return Math.floor(bytes / TELEPHONE_BYTES_PER_MS);
}
