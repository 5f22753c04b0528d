import { type AnswerKind, answerKindOf, audioBytesOf, outputEventOf } from './answer-kind.ts';
import { checkMessage } from './contract-message.ts';
import { type ContractRule, type ContractViolation, toViolation } from './contract-rules.ts';
import {
  type TurnRecord,
  checkEnding,
  checkOrder,
  createTurnRecord,
  turnInputOf,
} from './contract-turn.ts';
import type { RpcStatus } from './rpc-status.ts';
import type { WireRequest, WireResponse } from './wire-message.ts';

/** What is playing to the caller. */
export type PlaybackState = 'idle' | 'interruptible' | 'uninterruptible';

/** What a checker needs. */
export interface ContractOptions {
  /** What is playing at this moment; without it rule `deaf-while-uninterruptible` is not checked. */
  readonly playback?: () => PlaybackState;
  /** Called for each broken rule. */
  readonly onViolation?: (violation: ContractViolation) => void;
}

/** Watches one RPC: called for all that happens on it, in order. */
export interface TurnObserver {
  /** From 1, in the order opened. */
  readonly turn: number;
  sent(request: WireRequest): void;
  halfClosed(): void;
  received(response: WireResponse): void;
  /** The caller's side cancelled it: whatever follows is nobody's fault. */
  cancelled(): void;
  closed(status: RpcStatus): void;
}

/** Checks the answers of one conversation, as strictly as Webex would. */
export interface ContractChecker {
  /** A new RPC of the conversation. */
  open(): TurnObserver;
  /** No more RPCs will come: reports those that were half-closed and not completed. */
  finish(): void;
  /** What was broken so far; at most 1000. */
  readonly violations: readonly ContractViolation[];
}

const MAX_VIOLATIONS = 1000;

interface ConversationRecord {
  readonly openTurns: Set<TurnRecord>;
  hasStarted: boolean;
  isCallerGone: boolean;
  end: 'SESSION_END' | 'TRANSFER_TO_AGENT' | undefined;
  mode: 'chunk' | 'wav' | undefined;
  isKeysOnly: boolean;
  /** The turn that sent audio last. */
  speaker: TurnRecord | undefined;
  /** The newest turn in which the caller was heard to begin. */
  cutBy: number;
}

/** Creates the checker of one conversation. @see protocol.md section 9, groups B to E */
export function createContractChecker(options: ContractOptions = {}): ContractChecker {
  const violations: ContractViolation[] = [];
  const conversation: ConversationRecord = {
    openTurns: new Set(),
    hasStarted: false,
    isCallerGone: false,
    end: undefined,
    mode: undefined,
    isKeysOnly: false,
    speaker: undefined,
    cutBy: 0,
  };
  let turns = 0;
  const report = (rules: Iterable<ContractRule>, turn: TurnRecord, message: number): void => {
    for (const rule of rules) {
      if (violations.length === MAX_VIOLATIONS) return;
      const violation = toViolation(rule, turn.index, message);
      violations.push(violation);
      options.onViolation?.(violation);
    }
  };
  return {
    violations,
    open() {
      const turn = createTurnRecord(++turns);
      conversation.openTurns.add(turn);
      return {
        turn: turn.index,
        sent: (request) => noteRequest(conversation, turn, request),
        halfClosed() {
          turn.isHalfClosed = true;
        },
        received(response) {
          if (turn.isGone) return;
          turn.messages += 1;
          const kind = answerKindOf(response);
          const playing = options.playback?.() ?? 'idle';
          report(checkAnswer(conversation, turn, response, kind, playing), turn, turn.messages);
          noteAnswer(conversation, turn, response, kind);
        },
        cancelled() {
          turn.isGone = true;
          conversation.openTurns.delete(turn);
        },
        closed(status) {
          if (turn.isGone) return;
          turn.isGone = true;
          conversation.openTurns.delete(turn);
          if (status.code !== 0) report(['ends-with-ok'], turn, 0);
          else report(checkEnding(turn, conversation.isCallerGone), turn, 0);
        },
      };
    },
    finish() {
      for (const turn of conversation.openTurns)
        if (turn.isHalfClosed) report(['is-completed'], turn, 0);
      conversation.openTurns.clear();
    },
  };
}

function noteRequest(
  conversation: ConversationRecord,
  turn: TurnRecord,
  request: WireRequest,
): void {
  const input = turnInputOf(request);
  turn.allowsPartial ||= request.allow_partial_responses === true;
  if (input === 'audio') {
    turn.hasSentAudio = true;
    if (turn.input === 'nothing') turn.input = 'audio';
    return;
  }
  turn.input = input;
  if (input === 'start') {
    turn.isRepeatedStart = conversation.hasStarted;
    conversation.hasStarted = true;
  }
  if (input === 'hang-up') conversation.isCallerGone = true;
}

function* checkAnswer(
  conversation: ConversationRecord,
  turn: TurnRecord,
  response: WireResponse,
  kind: AnswerKind,
  playing: PlaybackState,
): Iterable<ContractRule> {
  const isOver = conversation.isCallerGone || conversation.end !== undefined;
  const { allowsPartial, chunks } = turn;
  yield* checkMessage(response, { kind, allowsPartial, isChunked: chunks > 0, isOver });
  yield* checkOrder(turn, response, kind, conversation.isKeysOnly);
  if (outputEventOf(response) === 'START_OF_INPUT' && playing === 'uninterruptible')
    yield 'deaf-while-uninterruptible';
  if (audioBytesOf(response) > 0) yield* checkSound(conversation, turn, kind);
}

function* checkSound(
  conversation: ConversationRecord,
  turn: TurnRecord,
  kind: AnswerKind,
): Iterable<ContractRule> {
  const { mode, speaker, cutBy, end } = conversation;
  const modeNow = modeOf(turn, kind);
  if (mode !== undefined && modeNow !== undefined && mode !== modeNow) yield 'one-playback-mode';
  if (speaker !== turn && turn.hasAudio) yield 'not-interleaved';
  if (turn.index < cutBy) yield 'old-turn-stops';
  if (end !== undefined) yield end === 'SESSION_END' ? 'silent-after-end' : 'silent-after-transfer';
}

function noteAnswer(
  conversation: ConversationRecord,
  turn: TurnRecord,
  response: WireResponse,
  kind: AnswerKind,
): void {
  const event = outputEventOf(response);
  if (audioBytesOf(response) > 0) {
    conversation.mode ??= modeOf(turn, kind);
    conversation.speaker = turn;
    turn.hasAudio = true;
  }
  if (kind === 'chunk') turn.chunks += 1;
  if (kind === 'closing') turn.finals += 1;
  if (event === 'START_OF_INPUT') {
    turn.hasStartOfInput = true;
    conversation.cutBy = Math.max(conversation.cutBy, turn.index);
  }
  if (event === 'END_OF_INPUT') turn.hasEndOfInput = true;
  if (event === 'SESSION_END' || event === 'TRANSFER_TO_AGENT') conversation.end = event;
  if (kind === 'closing') conversation.isKeysOnly = response.input_mode === 'INPUT_EVENT_DTMF';
}

/** How the audio of a message is played; an interim answer, or a terminator that is not empty, does not tell. */
function modeOf(turn: TurnRecord, kind: AnswerKind): 'chunk' | 'wav' | undefined {
  if (kind === 'chunk') return 'chunk';
  return kind === 'closing' && turn.chunks === 0 ? 'wav' : undefined;
}
