import type { RelayedAnswer } from '../../conversation/relayed-answer.ts';

/** Field numbers of `VoiceVAResponse`, `OutputEvent` and `VoiceVARequest`; wire types; values of enums. */
const PROMPTS = 1;
const OUTPUT_EVENTS = 2;
const INPUT_MODE = 4;
const INPUT_HANDLING_CONFIG = 5;
const RESPONSE_TYPE = 8;
const EVENT_TYPE = 1;
const VARINT = 0;
const FIXED_64 = 1;
const DELIMITED = 2;
const FIXED_32 = 5;
const PARTIAL = 1;
const CHUNK = 2;
const SESSION_END = 1;
const TRANSFER_TO_AGENT = 2;
const CUSTOM_EVENT = 3;
const START_OF_INPUT = 4;
const END_OF_INPUT = 5;

/**
 * Looks at the bytes of a `VoiceVAResponse` without decoding them: it steps from field to field, over sound as over all else,
 * so that its cost does not grow with the prompt.
 *
 * @returns `undefined` when the bytes are no protobuf message. What lies inside prompts and settings is not looked at.
 * @see protocol.md section 2.2
 */
export function inspectResponse(bytes: Buffer): RelayedAnswer | undefined {
  let hasPrompts = false;
  let tellsOfNextInput = false;
  let responseType = 0;
  let event: number | undefined;
  const isWhole = eachField(bytes, 0, bytes.length, (field, value, start) => {
    if (field === PROMPTS) hasPrompts = true;
    else if (field === OUTPUT_EVENTS) event ??= eventTypeOf(bytes, start, start + value);
    else if (field === RESPONSE_TYPE) responseType = value;
    else if (field === INPUT_HANDLING_CONFIG || (field === INPUT_MODE && value !== 0))
      tellsOfNextInput = true;
  });
  if (!isWhole) return undefined;
  const isEventOnly =
    !hasPrompts &&
    (event === START_OF_INPUT ||
      event === END_OF_INPUT ||
      (event === CUSTOM_EVENT && responseType === 0 && !tellsOfNextInput));
  return {
    kind: isEventOnly ? 'event-only' : kindOf(responseType),
    event: nameOf(event),
    hasPrompts,
  };
}

function kindOf(responseType: number): RelayedAnswer['kind'] {
  if (responseType === CHUNK) return 'chunk';
  return responseType === PARTIAL ? 'partial' : 'closing';
}

function nameOf(event: number | undefined): RelayedAnswer['event'] {
  if (event === undefined) return undefined;
  if (event === SESSION_END) return 'session-end';
  if (event === TRANSFER_TO_AGENT) return 'transfer-to-agent';
  return event === END_OF_INPUT ? 'end-of-input' : 'other';
}

/** Bytes that are no event are as good as an event of no type. */
function eventTypeOf(bytes: Buffer, start: number, end: number): number {
  let type = 0;
  eachField(bytes, start, end, (field, value) => {
    if (field === EVENT_TYPE) type = value;
  });
  return type;
}

/**
 * Visits the fields of a message: the value of a varint, the length of what is delimited and where it starts.
 *
 * @returns Whether the message ended where it should.
 */
function eachField(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (field: number, value: number, start: number) => void,
): boolean {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 64 + 6; shift += 7) {
      if (at >= end) return Number.NaN;
      const byte = bytes[at++] ?? 0;
      // What lies beyond 32 bits is no length, tag or enum; a double holds enough of it to tell.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < end) {
    const tag = varint();
    const wireType = tag % 8;
    const field = Math.floor(tag / 8);
    if (!(field >= 1)) return false;
    if (wireType === VARINT) {
      const value = varint();
      if (Number.isNaN(value)) return false;
      visit(field, value, at);
    } else if (wireType === DELIMITED) {
      const length = varint();
      if (!(at + length <= end)) return false;
      visit(field, length, at);
      at += length;
    } else if (wireType === FIXED_64 || wireType === FIXED_32) at += wireType === FIXED_64 ? 8 : 4;
    else return false;
  }
  return at === end;
}
