import type { AnswerKind } from './answer-kind.ts';
import type { ContractViolation } from './contract-rules.ts';
import type { TurnInput } from './contract-turn.ts';
import type { RpcStatus } from './rpc-status.ts';
import type { OutputEventType } from './wire-message.ts';

/**
 * How a call ended. `gave-up`: the agent said NO_MATCH or NO_INPUT, and the flow went on without it.
 */
export type CallOutcome = 'transferred' | 'ended-by-bot' | 'gave-up' | 'hung-up' | 'failed';

/** How long the caller waited in one turn, in milliseconds of the caller's time. */
export interface TurnLatency {
  readonly turn: number;
  readonly input: TurnInput;
  /** From the last sound of the caller to END_OF_INPUT. */
  readonly endOfInputMs: number | undefined;
  /** From the last sound, key or event of the caller to the first audio. */
  readonly firstAudioMs: number | undefined;
  /** From the half-close to the end of the RPC. */
  readonly completedMs: number;
}

type Happening =
  | { readonly type: 'rpc-opened'; readonly turn: number }
  /** Audio is told of once, when the first frame of an RPC leaves. */
  | { readonly type: 'sent'; readonly turn: number; readonly input: TurnInput }
  | { readonly type: 'half-closed'; readonly turn: number; readonly audioBytes: number }
  | {
      readonly type: 'received';
      readonly turn: number;
      readonly kind: AnswerKind;
      readonly event: OutputEventType | undefined;
      /** The label of the event. */
      readonly eventName: string;
      readonly prompts: number;
      readonly audioBytes: number;
      readonly bargeIn: boolean;
    }
  | {
      readonly type: 'rpc-closed';
      readonly turn: number;
      readonly status: RpcStatus;
      readonly latency: TurnLatency;
    }
  | { readonly type: 'playback-started' }
  | { readonly type: 'playback-ended' }
  | { readonly type: 'playback-cut'; readonly droppedMs: number }
  | { readonly type: 'speech-started' }
  | { readonly type: 'speech-ended' }
  | { readonly type: 'speech-unheard' }
  /** Which key it was is the caller's secret. */
  | { readonly type: 'key-pressed' }
  | { readonly type: 'key-ignored' }
  | { readonly type: 'contract-broken'; readonly violation: ContractViolation }
  | { readonly type: 'call-failed'; readonly reason: string }
  | { readonly type: 'call-ended'; readonly outcome: CallOutcome };

/** Something that happened in a call, and when: milliseconds of the caller's time since the call began. */
export type CallEvent = Happening & { readonly atMs: number };

/** A {@link CallEvent} without its time. */
export type CallHappening = Happening;
