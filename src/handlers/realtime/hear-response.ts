import { FRAME_MS, TELEPHONE_BYTES_PER_MS } from '../../audio/audio-format.ts';
import type { Clock } from '../../core/clock.ts';
import type { BotOutput } from '../bot-handler.ts';
import { toToolResult } from './client-event.ts';
import { failed } from './connection.ts';
import { withDeadline } from './deadline.ts';
import type { ModelSession } from './model-session.ts';
import type { RealtimeOptions } from './realtime-options.ts';
import type { ResponseQueue } from './response-queue.ts';
import { type ToolCall, lengthMs } from './server-event.ts';
import { runTools } from './tools.ts';

/** Responses of one answer: a model that only ever calls functions must come to an end. */
const MAX_ROUNDS = 5;
const MAX_CALLS = 8;
const MAX_WORDS_LENGTH = 16_384;
/** Of the first piece, which is to be heard at once: 20 ms are enough to end with. */
const HELD_BYTES = FRAME_MS * TELEPHONE_BYTES_PER_MS;

/** What became of an answer. */
export interface Answered {
  /** What the model said, as far as it came. */
  words: string;
  /** Where it was cut for being longer than allowed, in milliseconds of sound. */
  cutMs: number | undefined;
}

/**
 * Passes on the response that was asked for: its sound as it comes, with its words; what its functions do; and further
 * responses where a function wants the model to speak on.
 *
 * The last piece is held back until it is known whether a function ends the conversation, for then the ending goes first and
 * the last words cannot be interrupted.
 *
 * @param answered Filled on the way, so that it holds also for an answer that is left in the middle.
 * @throws {GatewayError} `ERR_HANDLER_TIMEOUT` when the server falls silent; `ERR_HANDLER_FAILED` when the model cannot answer.
 */
export async function* hearResponse(
  session: ModelSession,
  events: ResponseQueue,
  options: RealtimeOptions,
  clock: Clock,
  answered: Answered,
): AsyncGenerator<BotOutput> {
  const maxBytes = options.maxResponseSeconds * 1000 * TELEPHONE_BYTES_PER_MS;
  const timeoutMs = options.responseTimeoutSeconds * 1000;
  let bytes = 0;
  let words = '';
  let calls: ToolCall[] = [];
  let rounds = 0;
  let held: SoundOutput | undefined;
  for (;;) {
    const event = await withDeadline(events.next(), timeoutMs, clock);
    switch (event.type) {
      case 'audio': {
        if (held !== undefined) yield held;
        const audio = event.audio.subarray(0, maxBytes - bytes);
        const headBytes = bytes === 0 ? Math.max(0, audio.length - HELD_BYTES) : 0;
        bytes += audio.length;
        held = toOutput(audio, words);
        if (headBytes > 0) {
          yield toOutput(audio.subarray(0, headBytes), words);
          held = toOutput(audio.subarray(headBytes), '');
        }
        words = '';
        if (bytes < maxBytes) break;
        yield held;
        answered.cutMs = lengthMs(bytes);
        return;
      }
      case 'words':
        if (answered.words.length + event.text.length > MAX_WORDS_LENGTH) break;
        words += event.text;
        answered.words += event.text;
        break;
      case 'tool-call':
        if (calls.length < MAX_CALLS) calls.push(event);
        break;
      case 'response-done': {
        const { status, reason } = event;
        const isMute = status === 'incomplete' && bytes === 0 && calls.length === 0;
        if (status === 'failed' || isMute) throw failed('could not answer', { reason });
        const { outputs, results, continues } = runTools(calls, options, bytes > 0);
        for (const { callId, output } of results) session.send(toToolResult(callId, output));
        const isLast = outputs.some(({ type }) => type === 'transfer' || type === 'end');
        if (held !== undefined && !isLast) yield held;
        yield* outputs;
        if (held !== undefined && isLast) yield held;
        held = undefined;
        if (!continues || ++rounds === MAX_ROUNDS) return;
        calls = [];
        session.respond();
        break;
      }
      default:
        break;
    }
  }
}

type SoundOutput = Extract<BotOutput, { readonly type: 'audio' }>;

function toOutput(audio: Uint8Array, words: string): SoundOutput {
  return { type: 'audio', audio, ...(words !== '' && { text: words }) };
}
