import type { Agent } from '../conversation/agent.ts';
import type { CallEvent } from '../conversation/call-observer.ts';
import type { TurnOutput } from '../conversation/turn-output.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import { isRecord } from '../core/json.ts';
import {
  type Deed,
  type EntryOf,
  type RecordedListen,
  type RecordedMoment,
  type RecordingHeader,
  listenSchema,
} from './recording-format.ts';

/**
 * What may be kept of a call. Nothing is taken over unless it is known to be harmless: numbers, lengths of sound, words of
 * this program. What a bot or a caller says has no way through here.
 */

const HARMLESS_NAME = /^[A-Za-z_.:-]{0,64}$/u;
const FIGURE = /\d/gu;

/** The name of an event, if it looks like one; figures become `0`. */
export function redactName(name: unknown): string {
  const text = typeof name === 'string' ? name.slice(0, 65).replace(FIGURE, '0') : '(hidden)';
  return HARMLESS_NAME.test(text.replaceAll('0', '')) && text.length <= 64 ? text : '(hidden)';
}

/** Keys without what they say: each figure is `0`, except the one that ends the input; `* # A-D` stay. */
export function redactDigits(digits: string, terminator: string | undefined): string {
  const figure = terminator === '0' ? '1' : '0';
  return digits
    .slice(0, 256)
    .replace(/[^0-9A-D*#]/gu, '')
    .replace(FIGURE, (digit) => (digit === terminator ? digit : figure));
}

/** How the caller is listened to; `undefined` when a bot gave what is no setting. */
export function redactListen(settings: unknown): RecordedListen | undefined {
  const { data } = listenSchema.safeParse(withoutUnknown(settings));
  return data;
}

function withoutUnknown(settings: unknown): unknown {
  if (!isRecord(settings)) return undefined;
  const { mode, digits, speech, sensitive } = settings;
  const { maxLength, terminator, interDigitTimeoutMs } = isRecord(digits) ? digits : {};
  const { noInputTimeoutMs, completeTimeoutMs, incompleteTimeoutMs, maxSpeechMs } = isRecord(speech)
    ? speech
    : {};
  return {
    mode,
    digits: { maxLength, terminator, interDigitTimeoutMs },
    speech: { noInputTimeoutMs, completeTimeoutMs, incompleteTimeoutMs, maxSpeechMs },
    sensitive,
  };
}

/** One message to Webex. */
export function redactOutput(
  { responseType, prompts, event, listen, transcript, summary }: TurnOutput,
  where: { readonly at: number; readonly rpc: number },
): EntryOf<'out'> {
  return {
    type: 'out',
    ...where,
    kind: responseType,
    prompts: prompts.map(({ audio, bargeIn }) => ({ bytes: audio.length, bargeIn })),
    event: event?.type,
    name: event === undefined || event.name === '' ? undefined : redactName(event.name),
    listen: listen && redactListen(listen),
    hasTexts: transcript !== undefined || summary !== undefined ? true : undefined,
  };
}

/** A moment of the call. @param isSensitive How long the caller spoke is nobody's business. */
export function redactMoment(moment: CallEvent, isSensitive: boolean): RecordedMoment {
  const part: Partial<RecordedMoment> & { readonly silencedAfterMs?: number } = moment;
  return {
    type: moment.type,
    turn: part.turn,
    input: part.input,
    outcome: part.outcome,
    reason: part.reason,
    by: part.by,
    kind: part.kind,
    speechMs: isSensitive ? undefined : toMs(part.speechMs),
    heardMs: toMs(part.heardMs),
    afterMs: toMs(part.afterMs),
    durationMs: toMs(part.durationMs),
    silencedAfterMs: toMs(part.silencedAfterMs),
  };
}

function toMs(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.max(0, Math.round(value));
}

/** Why something failed: our code or nothing. */
export function codeOf(error: unknown): string | undefined {
  return isGatewayError(error) ? error.code : undefined;
}

/** The settings of an agent that decide what happens in a call. */
export function redactAgent(agent: Agent): RecordingHeader['agent'] {
  const { patience, fallback, bargeIn, endpointing } = agent;
  const { filler } = patience;
  return {
    playback: agent.playback,
    bargeIn: {
      by: bargeIn.by,
      protectMs: bargeIn.protectMs,
      onsetMs: bargeIn.onsetMs,
      minSpeechMs: bargeIn.minSpeechMs,
    },
    endpointing: {
      onsetMs: endpointing.onsetMs,
      completeTimeoutMs: endpointing.completeTimeoutMs,
      incompleteTimeoutMs: endpointing.incompleteTimeoutMs,
      maxSpeechMs: endpointing.maxSpeechMs,
    },
    listen: redactListen(agent.listen) ?? { mode: 'voice-and-digits' },
    inBandDigits: agent.inBandDigits,
    endOfInput: agent.endOfInput,
    hears: agent.bot.hears,
    hasRecogniser: agent.recogniser !== undefined,
    apologyBytes: agent.apology.length,
    patience: {
      answerTimeoutMs: patience.answerTimeoutMs,
      firstAudioTimeoutMs: patience.firstAudioTimeoutMs,
      filler: filler && {
        bytes: filler.audio.length,
        afterMs: filler.afterMs,
        times: filler.times,
      },
    },
    fallback: {
      attempts: fallback.attempts,
      action: fallback.action,
      farewellBytes: fallback.farewell.length,
    },
  };
}

const BARGE_IN: ReadonlySet<unknown> = new Set([true, false, 'either', 'speech', 'digits', 'none']);

/**
 * What a bot did.
 *
 * @param output What it gave back, which may be anything.
 * @param convert Gives the length of sound in µ-law, 8000 Hz, mono; throws when it is none.
 */
export function redactDeed(
  output: unknown,
  convert: (output: Readonly<Record<string, unknown>>) => number,
): Deed {
  if (!isRecord(output)) return { kind: 'wrong' };
  const bargeIn = toBargeIn(output['bargeIn']);
  switch (output['type']) {
    case 'say':
      return {
        kind: 'say',
        bargeIn,
        isBad: typeof output['text'] === 'string' ? undefined : true,
      };
    case 'audio':
      try {
        return { kind: 'audio', bytes: convert(output), bargeIn };
      } catch {
        return { kind: 'audio', bytes: 0, bargeIn, isBad: true };
      }
    case 'listen': {
      const settings = redactListen(output['settings']);
      return settings === undefined ? { kind: 'wrong' } : { kind: 'listen', settings };
    }
    case 'custom-event':
    case 'transfer':
    case 'end':
      return { kind: output['type'], name: redactName(output['name']) };
    case 'give-up':
      return output['reason'] === 'no-input' || output['reason'] === 'no-match'
        ? { kind: 'give-up', reason: output['reason'] }
        : { kind: 'wrong' };
    case 'transcript':
      return { kind: 'transcript' };
    default:
      return { kind: 'wrong' };
  }
}

function toBargeIn(value: unknown): Extract<Deed, { kind: 'say' }>['bargeIn'] {
  return BARGE_IN.has(value) ? (value as Extract<Deed, { kind: 'say' }>['bargeIn']) : undefined;
}
