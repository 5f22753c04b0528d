import { TELEPHONE_FORMAT } from '../audio/audio-format.ts';
import { decodeWav } from '../audio/wav.ts';
import {
  type AnswerKind,
  isGivingUp,
  isTerminal,
  outputEventOf,
  saysAllOfNextInput,
  saysSomethingOfNextInput,
} from './answer-kind.ts';
import type { ContractRule } from './contract-rules.ts';
import type { WireResponse } from './wire-message.ts';

const MIN_CHUNK_BYTES = 100;
const MAX_CHUNK_BYTES = 65_536;

/** What must be known of the turn to judge a message of it. */
export interface MessageCircumstances {
  readonly kind: AnswerKind;
  readonly allowsPartial: boolean;
  /** Chunks came before in this turn. */
  readonly isChunked: boolean;
  /** The call is over: nobody will say anything next. */
  readonly isOver: boolean;
}

/** The rules that a message breaks by itself. */
export function checkMessage(
  response: WireResponse,
  circumstances: MessageCircumstances,
): readonly ContractRule[] {
  return [
    ...checkEvents(response, circumstances.kind),
    ...checkPrompts(response, circumstances),
    ...checkNextInput(response, circumstances),
    ...(circumstances.kind === 'partial' && !circumstances.allowsPartial
      ? (['partial-allowed'] as const)
      : []),
  ];
}

function* checkEvents(response: WireResponse, kind: AnswerKind): Iterable<ContractRule> {
  if (response.output_events.length > 1) yield 'one-event';
  const first = outputEventOf(response);
  if ((first === 'START_OF_INPUT' || first === 'END_OF_INPUT') && response.prompts.length > 0)
    yield 'input-events-alone';
  for (const [index, { event_type: type }] of response.output_events.entries()) {
    const isInPlace = index === 0 && kind === 'closing';
    if (type === 'TRANSFER_TO_AGENT' && !isInPlace) yield 'transfer-on-final';
    if (type === 'SESSION_END' && !isInPlace) yield 'end-on-final';
  }
  if (isTerminal(response) && response.prompts.some((prompt) => prompt.is_barge_in_enabled))
    yield 'last-words-uninterruptible';
}

function* checkPrompts(
  { prompts }: WireResponse,
  { kind, isChunked }: MessageCircumstances,
): Iterable<ContractRule> {
  for (const { audio_content: audio, text } of prompts) {
    if (kind === 'chunk') {
      if (audio.length < MIN_CHUNK_BYTES || audio.length > MAX_CHUNK_BYTES) yield 'chunk-size';
      if (startsWithRiff(audio)) yield 'no-riff-in-chunk';
    }
    if ((kind === 'chunk' || isChunked) && text !== '') yield 'no-text-with-audio';
    if (kind !== 'closing' || audio.length === 0) continue;
    if (isChunked) yield 'terminator-empty';
    else yield* checkWav(audio);
  }
}

function* checkWav(audio: Uint8Array): Iterable<ContractRule> {
  try {
    const { format, channels } = decodeWav(audio);
    const { encoding, sampleRateHz } = TELEPHONE_FORMAT;
    if (format.encoding !== encoding || format.sampleRateHz !== sampleRateHz || channels !== 1)
      yield 'telephone-format';
  } catch {
    yield 'wav-has-riff';
  }
}

function* checkNextInput(
  response: WireResponse,
  { kind, isOver }: MessageCircumstances,
): Iterable<ContractRule> {
  const isLast = kind === 'closing' && (isTerminal(response) || isGivingUp(response) || isOver);
  if (isTerminal(response) && saysSomethingOfNextInput(response)) yield 'no-next-input';
  if (kind === 'closing' && !isLast && !saysAllOfNextInput(response)) yield 'next-input-told';
  if (!isLast && (response.session_transcript !== null || response.session_summary !== null))
    yield 'transcript-last';
}

function startsWithRiff(audio: Uint8Array): boolean {
  return audio[0] === 0x52 && audio[1] === 0x49 && audio[2] === 0x46 && audio[3] === 0x46;
}
