import type { BotInput, EndReason } from '../handlers/bot-handler.ts';
import type { Interrupter } from './barge-in.ts';
import type { Conversation } from './conversation.ts';

/** How an answer ended: given whole, or why not. */
export type AnswerOutcome =
  | 'answered'
  | 'resumed'
  | 'interrupted'
  | 'withdrawn'
  | 'cancelled'
  | 'ended'
  | 'revoked'
  | 'timed-out'
  | 'failed';

/**
 * What happens in a call, in the order in which it happens; nothing of what is said. `turn` counts the answers of a call
 * from 1: an answer that is interrupted may end after the next one has begun.
 */
export type CallMoment =
  | { readonly type: 'call-started' }
  | { readonly type: 'call-ended'; readonly reason: EndReason }
  /** The call goes on, and is not held here until it returns: its next turn may come to another process. */
  | { readonly type: 'call-left' }
  /** A call that was held elsewhere, or that had left, is held here. */
  | { readonly type: 'call-returned' }
  /** The caller speaks. */
  | { readonly type: 'speech-started' }
  /** The caller has finished; `speechMs` of speech. */
  | { readonly type: 'speech-ended'; readonly speechMs: number }
  /** A recogniser was done; the text is nobody's business. */
  | { readonly type: 'recognised'; readonly outcome: 'text' | 'empty' | 'failed' }
  /** The caller cut in on what played. */
  | { readonly type: 'interrupted'; readonly by: Interrupter; readonly heardMs: number }
  /** The bot is asked. */
  | { readonly type: 'asked'; readonly turn: number; readonly input: BotInput['type'] }
  /** The input that the bot was asked with is complete: from here on the caller waits. */
  | { readonly type: 'input-complete'; readonly turn: number }
  /** The first thing that the bot gave back. */
  | { readonly type: 'bot-answered'; readonly turn: number; readonly afterMs: number }
  /** The first sound of the bot went out. */
  | { readonly type: 'first-audio'; readonly turn: number; readonly afterMs: number }
  /** The bot is late, so the caller hears a filler. */
  | { readonly type: 'filler'; readonly turn: number }
  /** The bot failed, with the kind of failure. */
  | { readonly type: 'bot-failed'; readonly turn: number; readonly kind: string }
  | {
      readonly type: 'answer-ended';
      readonly turn: number;
      readonly input: BotInput['type'];
      readonly outcome: AnswerOutcome;
      /** From the complete input to the end of the answer. */
      readonly durationMs: number;
      /** From the caller cutting in to the end of the answer; nothing of it follows. */
      readonly silencedAfterMs?: number;
    };

/** Moments of the call itself, and not of where it is held. */
export type CallEvent = Exclude<CallMoment, { readonly type: 'call-left' | 'call-returned' }>;

/** Somebody who watches calls: metrics, traces, a dashboard. Called at the moment itself, so it must be quick. */
export type CallObserver = (conversation: Conversation, moment: CallMoment) => void;
