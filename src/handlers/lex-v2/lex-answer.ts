import { isRecord } from '../../core/json.ts';
import type { JsonObject } from '../../core/json.ts';
import type { BotOutput } from '../bot-handler.ts';
import { readByovaPayload } from '../vendor/byova-payload.ts';
import { toPlainText } from '../vendor/plain-text.ts';
import type { LexOptions } from './lex-options.ts';
import type { LexMessage, LexOutputEvent, LexSessionState } from './lex-sdk.ts';

/** Lex sends pieces of 100 bytes; a hundred of them a second would cost more than the sound. */
const MIN_PIECE_BYTES = 3200;
/** More will be said without the caller doing anything. */
const IN_PROGRESS: readonly unknown[] = ['FulfillmentInProgress', 'ReadyForFulfillment'];
const IS_OVER: readonly unknown[] = ['Fulfilled', 'Failed'];

/** How far an answer has come: nothing yet; perhaps all of it; all of it. */
type LexProgress = 'nothing' | 'something' | 'complete';

/** One answer of Lex on its way to the caller. */
export interface LexAnswer {
  take(event: LexOutputEvent): Iterable<BotOutput>;
  /** The sound that is still held back. */
  flush(): Iterable<BotOutput>;
  readonly progress: () => LexProgress;
}

/** What of the options an answer depends on. */
export type LexAnswerOptions = Pick<
  LexOptions,
  'voice' | 'voiceSampleRateHz' | 'transferIntents' | 'onClose' | 'onFailed'
>;

/**
 * Turns the events of one stream into what the caller hears and the flow learns.
 *
 * An ending is yielded before the last words, so that these cannot be interrupted. After a playback interruption nothing
 * more of the answer it interrupts comes out.
 */
export function createLexAnswer(options: LexAnswerOptions): LexAnswer {
  const format = { encoding: 'linear16', sampleRateHz: options.voiceSampleRateHz } as const;
  let state: LexSessionState | undefined;
  let text = '';
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let hasSome = false;
  let isSaid = false;
  let isMuted = false;
  let hasEnding = false;

  function* flush(): Iterable<BotOutput> {
    if (bytes === 0) return;
    const audio = Buffer.concat(pieces, bytes);
    pieces = [];
    bytes = 0;
    yield { type: 'audio', audio, format, ...(text !== '' && { text }) };
    text = '';
  }
  function* takeState(next: LexSessionState): Iterable<BotOutput> {
    state = next;
    isSaid = false;
    isMuted = false;
    const ending = toEnding(next, options);
    if (ending === undefined || hasEnding) return;
    hasEnding = true;
    yield ending;
  }
  function* takeText(messages: readonly LexMessage[]): Iterable<BotOutput> {
    for (const message of messages)
      if (message.contentType === 'CustomPayload') yield* readCustomPayload(message.content);
    const texts = messages.filter(isSpoken).map(({ content = '' }) => toPlainText(content));
    const said = texts.filter((part) => part !== '').join(' ');
    if (options.voice === 'lex') {
      text = said;
      return;
    }
    isSaid = true;
    if (said !== '') yield { type: 'say', text: said };
  }
  function* takeAudio(chunk: Uint8Array | undefined): Iterable<BotOutput> {
    if (chunk === undefined || chunk.length === 0) {
      isSaid = true;
      yield* flush();
    } else if (!isMuted) {
      pieces.push(chunk);
      bytes += chunk.length;
      if (bytes >= MIN_PIECE_BYTES) yield* flush();
    }
  }
  function interrupt(): void {
    pieces = [];
    bytes = 0;
    text = '';
    isMuted = true;
    state = undefined;
  }
  return {
    *take(event) {
      if (event.HeartbeatEvent !== undefined) return;
      if (event.IntentResultEvent?.sessionState !== undefined) {
        hasSome = true;
        yield* takeState(event.IntentResultEvent.sessionState);
      } else if (event.TextResponseEvent !== undefined) {
        hasSome = true;
        yield* takeText(event.TextResponseEvent.messages ?? []);
      } else if (event.AudioResponseEvent !== undefined) {
        hasSome = true;
        yield* takeAudio(event.AudioResponseEvent.audioChunk);
      } else if (event.PlaybackInterruptionEvent !== undefined) {
        interrupt();
      }
    },
    flush,
    progress() {
      if (!hasSome || isMuted || isInProgress(state)) return 'nothing';
      return isSaid && state !== undefined ? 'complete' : 'something';
    },
  };
}

function isInProgress(state: LexSessionState | undefined): boolean {
  return state?.dialogAction?.type !== 'Close' && IN_PROGRESS.includes(state?.intent?.state);
}

function isSpoken({ contentType }: LexMessage): boolean {
  return contentType === 'PlainText' || contentType === 'SSML';
}

function* readCustomPayload(content: string | undefined): Iterable<BotOutput> {
  let payload: unknown;
  try {
    payload = JSON.parse(content ?? '');
  } catch {
    // A payload that is not JSON is for another channel.
    return;
  }
  yield* readByovaPayload(payload);
}

function toEnding(state: LexSessionState, options: LexAnswerOptions): BotOutput | undefined {
  const { dialogAction, intent, sessionAttributes = {} } = state;
  const isClosed =
    dialogAction?.type === 'Close' ||
    (dialogAction === undefined && IS_OVER.includes(intent?.state));
  if (!isClosed) return undefined;
  const metadata: JsonObject = {
    intent: intent?.name ?? '',
    state: intent?.state ?? '',
    slots: toSlotValues(intent?.slots),
    attributes: Object.fromEntries(
      Object.entries(sessionAttributes).filter(([name]) => !name.startsWith('x-amz-lex:')),
    ),
  };
  const transfer = Object.entries(options.transferIntents).find(([name]) => name === intent?.name);
  if (transfer !== undefined) return { type: 'transfer', name: transfer[1], metadata };
  const action = intent?.state === 'Failed' ? options.onFailed : options.onClose;
  return action === 'listen' ? undefined : { type: action, name: '', metadata };
}

/** The values as Lex understood them; a list where a slot takes several. */
function toSlotValues(slots: Readonly<Record<string, unknown>> = {}): JsonObject {
  const values: Record<string, string | readonly string[]> = {};
  for (const [name, slot] of Object.entries(slots)) {
    if (!isRecord(slot)) continue;
    const list = Array.isArray(slot['values']) ? slot['values'].map(toValue) : undefined;
    const value = list?.filter((item) => item !== undefined) ?? toValue(slot);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function toValue(slot: unknown): string | undefined {
  const value = isRecord(slot) && isRecord(slot['value']) ? slot['value'] : {};
  return typeof value['interpretedValue'] === 'string' ? value['interpretedValue'] : undefined;
}
