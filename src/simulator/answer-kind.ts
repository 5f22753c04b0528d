import type { OutputEventType, WireResponse } from './wire-message.ts';

/**
 * What a message is within its turn: a piece of audio, an interim answer, an event on its own, or the one answer that
 * closes the turn.
 *
 * FINAL is the default of the field, so event-only messages are FINAL on the wire and still close nothing. A custom
 * event is on its own when it tells nothing of the next input.
 *
 * @see protocol.md section 2.2
 */
export type AnswerKind = 'chunk' | 'partial' | 'event-only' | 'closing';

/** Tells what `response` is within its turn. */
export function answerKindOf(response: WireResponse): AnswerKind {
  const event = outputEventOf(response);
  const isInputEvent = event === 'START_OF_INPUT' || event === 'END_OF_INPUT';
  const isBare = response.prompts.length === 0;
  if (isBare && isInputEvent) return 'event-only';
  if (response.response_type === 'CHUNK') return 'chunk';
  if (response.response_type === 'PARTIAL') return 'partial';
  const isCustomOnly = isBare && event === 'CUSTOM_EVENT' && !saysSomethingOfNextInput(response);
  return isCustomOnly ? 'event-only' : 'closing';
}

/** The event that counts: the first, and no other. */
export function outputEventOf(response: WireResponse): OutputEventType | undefined {
  return response.output_events[0]?.event_type;
}

/** Whether the message ends the session. */
export function isTerminal(response: WireResponse): boolean {
  const event = outputEventOf(response);
  return event === 'SESSION_END' || event === 'TRANSFER_TO_AGENT';
}

/** Whether the message takes the call out of the virtual agent without ending it: the agent gave up. */
export function isGivingUp(response: WireResponse): boolean {
  const event = outputEventOf(response);
  return event === 'NO_MATCH' || event === 'NO_INPUT';
}

/** Bytes of audio in all prompts. */
export function audioBytesOf(response: WireResponse): number {
  return response.prompts.reduce((bytes, prompt) => bytes + prompt.audio_content.length, 0);
}

/** Whether any of what is told of the next input is there. */
export function saysSomethingOfNextInput(response: WireResponse): boolean {
  return hasInputMode(response) || response.input_handling_config !== null;
}

/** Whether all that must be told of the next input is there. */
export function saysAllOfNextInput(response: WireResponse): boolean {
  return hasInputMode(response) && response.input_handling_config !== null;
}

function hasInputMode(response: WireResponse): boolean {
  return response.input_mode !== 'INPUT_VOICE_MODE_UNSPECIFIED';
}
