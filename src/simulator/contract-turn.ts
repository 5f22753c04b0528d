import { type AnswerKind, audioBytesOf, outputEventOf } from './answer-kind.ts';
import type { ContractRule } from './contract-rules.ts';
import type { WireRequest, WireResponse } from './wire-message.ts';

/** What a turn asks for: the last thing the caller did in it, audio aside. */
export type TurnInput =
  | 'nothing'
  | 'audio'
  | 'start'
  | 'first-key'
  | 'digits'
  | 'no-digits'
  | 'no-input'
  | 'custom-event'
  | 'hang-up';

/** What the checker remembers of one RPC. */
export interface TurnRecord {
  /** From 1, in the order opened. */
  readonly index: number;
  input: TurnInput;
  hasSentAudio: boolean;
  allowsPartial: boolean;
  isHalfClosed: boolean;
  isGone: boolean;
  isRepeatedStart: boolean;
  messages: number;
  hasStartOfInput: boolean;
  hasEndOfInput: boolean;
  hasAudio: boolean;
  chunks: number;
  finals: number;
}

/** Creates the record of an RPC of which nothing has happened yet. */
export function createTurnRecord(index: number): TurnRecord {
  return {
    index,
    input: 'nothing',
    hasSentAudio: false,
    allowsPartial: false,
    isHalfClosed: false,
    isGone: false,
    isRepeatedStart: false,
    messages: 0,
    hasStartOfInput: false,
    hasEndOfInput: false,
    hasAudio: false,
    chunks: 0,
    finals: 0,
  };
}

/** What a message to the gateway asks for. */
export function turnInputOf(request: WireRequest): TurnInput {
  if (request.audio_input) return 'audio';
  if (request.dtmf_input) return request.dtmf_input.dtmf_events?.length ? 'digits' : 'no-digits';
  switch (request.event_input?.event_type) {
    case 'SESSION_START':
      return 'start';
    case 'SESSION_END':
      return 'hang-up';
    case 'NO_INPUT':
      return 'no-input';
    case 'START_OF_DTMF':
      return 'first-key';
    case 'CUSTOM_EVENT':
      return 'custom-event';
    default:
      return 'nothing';
  }
}

/** The rules of order within a turn that its next message breaks; the record is that of before. */
export function* checkOrder(
  turn: Readonly<TurnRecord>,
  response: WireResponse,
  kind: AnswerKind,
  isKeysOnly: boolean,
): Iterable<ContractRule> {
  const event = outputEventOf(response);
  if (turn.finals > 0) yield kind === 'closing' ? 'one-final' : 'nothing-after-final';
  if (event === 'START_OF_INPUT') {
    if (turn.hasEndOfInput) yield 'start-not-after-end';
    if (turn.hasStartOfInput) yield 'starts-once';
  }
  if (event === 'END_OF_INPUT') {
    if (turn.hasEndOfInput) yield 'ends-once';
    if (!turn.hasStartOfInput) yield 'start-before-end';
  }
  if ((event === 'START_OF_INPUT' || event === 'END_OF_INPUT') && !turn.hasSentAudio)
    yield isKeysOnly ? 'no-audio-expected' : 'input-events-need-audio';
  // After END_OF_INPUT an answer may have been under way when the key was pressed.
  const isCrossing = turn.hasSentAudio && (kind === 'event-only' || turn.hasEndOfInput);
  if (turn.input === 'first-key' && !isCrossing)
    yield turn.hasSentAudio ? 'first-key-in-audio-unanswered' : 'first-key-unanswered';
  const hasPrompt = audioBytesOf(response) > 0;
  if (hasPrompt && isTooEarly(turn)) yield 'end-before-audio';
  if (hasPrompt && turn.isRepeatedStart) yield 'greeted-once';
  if (turn.input === 'no-input' && event === 'NO_INPUT') yield 'no-input-kept';
  if (turn.input === 'hang-up') {
    if (!turn.hasSentAudio && response.prompts.length > 0) yield 'no-prompt-for-nobody';
    // Chunks may have been under way when the caller hung up; the closing answer was not.
    if (turn.hasSentAudio && kind === 'closing' && hasPrompt) yield 'turn-aborted';
  }
}

function isTooEarly(turn: Readonly<TurnRecord>): boolean {
  if (turn.input !== 'audio' || turn.hasEndOfInput) return false;
  return turn.hasStartOfInput || !turn.isHalfClosed;
}

/** The rules that a turn breaks by ending with OK when it does. */
export function* checkEnding(
  turn: Readonly<TurnRecord>,
  isCallerGone: boolean,
): Iterable<ContractRule> {
  if (turn.finals > 0 || isCallerGone) return;
  if (turn.chunks > 0) yield 'chunks-terminated';
  else if (turn.input !== 'audio' || turn.hasEndOfInput) yield* ENDINGS[turn.input];
}

const ENDINGS: Readonly<Record<TurnInput, readonly ContractRule[]>> = {
  nothing: [],
  audio: ['closed-by-final'],
  start: ['start-answered'],
  'first-key': [],
  digits: ['digits-answered'],
  'no-digits': ['no-digits-answered'],
  'no-input': ['no-input-answered'],
  'custom-event': ['event-answered'],
  'hang-up': [],
};
