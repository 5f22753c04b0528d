import { audioBytesOf, answerKindOf, outputEventOf } from './answer-kind.ts';
import type { CallHappening, TurnLatency } from './call-event.ts';
import type { ContractChecker } from './contract.ts';
import { type TurnInput, turnInputOf } from './contract-turn.ts';
import type { RpcStatus } from './rpc-status.ts';
import type { TurnListener, TurnStream } from './turn-stream.ts';
import type { WireRequest, WireResponse } from './wire-message.ts';

/** One open RPC of a simulated call. */
export interface CallTurn {
  readonly turn: number;
  send(request: WireRequest): void;
  halfClose(): void;
  /** The caller's last sound was at `atMs`: latencies count from there. */
  inputEnded(atMs: number): void;
  isFull(): boolean;
  /** START_OF_INPUT has come. */
  hasStarted(): boolean;
  /** It was cancelled on this side. */
  wasCancelled(): boolean;
}

/** All RPCs of a simulated call. */
export interface CallTurns {
  open(): CallTurn;
  /** Whether an answer is due: some RPC is half-closed and has neither its closing answer nor its end. */
  isAwaiting(): boolean;
  /** Whether some RPC is not over. */
  hasOpen(): boolean;
  /** Whether some RPC has been half-closed for longer than `ms` of the machine's time. */
  isOverdue(ms: number): boolean;
  /** Cancels what is open. */
  cancelAll(): void;
  readonly latencies: readonly TurnLatency[];
  count(): number;
}

/** What the turns of a call need. */
export interface CallTurnsDeps {
  readonly openStream: (listener: TurnListener) => TurnStream;
  readonly checker: ContractChecker;
  readonly emit: (happening: CallHappening) => void;
  /** The caller's time, in milliseconds. */
  readonly nowMs: () => number;
  /** Called with each message after it was checked. */
  readonly onAnswer: (turn: CallTurn, response: WireResponse) => void;
  readonly onClosed: (turn: CallTurn, status: RpcStatus) => void;
}

interface OpenTurn {
  readonly cancel: () => void;
  /** The machine's time of the half-close. */
  halfClosedAt: number | undefined;
  hasFinal: boolean;
}

/** Creates the book of a call's RPCs: it opens them, has them checked, and tells what happens. */
export function createCallTurns(deps: CallTurnsDeps): CallTurns {
  const openTurns = new Set<OpenTurn>();
  const latencies: TurnLatency[] = [];
  let count = 0;
  const some = (test: (turn: OpenTurn) => boolean): boolean => {
    for (const turn of openTurns) if (test(turn)) return true;
    return false;
  };
  return {
    open() {
      count += 1;
      const { call, record } = openTurn(deps, (closed, latency) => {
        openTurns.delete(closed);
        latencies.push(latency);
      });
      openTurns.add(record);
      return call;
    },
    isAwaiting: () => some((turn) => turn.halfClosedAt !== undefined && !turn.hasFinal),
    hasOpen: () => openTurns.size > 0,
    isOverdue: (ms) =>
      some(
        ({ halfClosedAt }) => halfClosedAt !== undefined && performance.now() - halfClosedAt > ms,
      ),
    cancelAll() {
      for (const turn of openTurns) turn.cancel();
    },
    latencies,
    count: () => count,
  };
}

function openTurn(
  { openStream, checker, emit, nowMs, onAnswer, onClosed }: CallTurnsDeps,
  forget: (record: OpenTurn, latency: TurnLatency) => void,
): { readonly call: CallTurn; readonly record: OpenTurn } {
  const observer = checker.open();
  const { turn } = observer;
  let input: TurnInput = 'nothing';
  let hasStarted = false;
  let wasCancelled = false;
  let audioBytes = 0;
  let endedAtMs: number | undefined;
  let halfClosedAtMs = nowMs();
  let endOfInputMs: number | undefined;
  let firstAudioMs: number | undefined;

  const stream = openStream({
    received(response) {
      observer.received(response);
      const kind = answerKindOf(response);
      const event = outputEventOf(response);
      if (kind === 'closing') record.hasFinal = true;
      if (event === 'START_OF_INPUT') hasStarted = true;
      const sinceInputMs = nowMs() - (endedAtMs ?? halfClosedAtMs);
      if (event === 'END_OF_INPUT' && endedAtMs !== undefined) endOfInputMs ??= sinceInputMs;
      const bytes = audioBytesOf(response);
      if (bytes > 0) firstAudioMs ??= sinceInputMs;
      emit({
        type: 'received',
        turn,
        kind,
        event,
        eventName: response.output_events[0]?.name ?? '',
        prompts: response.prompts.length,
        audioBytes: bytes,
        bargeIn: response.prompts.some((prompt) => prompt.is_barge_in_enabled),
      });
      onAnswer(call, response);
    },
    closed(status) {
      observer.closed(status);
      const completedMs = nowMs() - halfClosedAtMs;
      const latency = { turn, input, endOfInputMs, firstAudioMs, completedMs };
      forget(record, latency);
      emit({ type: 'rpc-closed', turn, status, latency });
      onClosed(call, status);
    },
  });
  const record: OpenTurn = {
    cancel() {
      wasCancelled = true;
      observer.cancelled();
      stream.cancel();
    },
    halfClosedAt: undefined,
    hasFinal: false,
  };
  const call: CallTurn = {
    turn,
    send(request) {
      if (!stream.send(request)) return;
      observer.sent(request);
      audioBytes += request.audio_input?.caller_audio?.length ?? 0;
      const sent = turnInputOf(request);
      if (sent !== 'audio') endedAtMs = nowMs();
      if (sent === input) return;
      input = sent;
      emit({ type: 'sent', turn, input });
    },
    halfClose() {
      if (record.halfClosedAt !== undefined) return;
      stream.halfClose();
      observer.halfClosed();
      record.halfClosedAt = performance.now();
      halfClosedAtMs = nowMs();
      emit({ type: 'half-closed', turn, audioBytes });
    },
    inputEnded(atMs) {
      endedAtMs = atMs;
    },
    isFull: () => stream.isFull(),
    hasStarted: () => hasStarted,
    wasCancelled: () => wasCancelled,
  };
  emit({ type: 'rpc-opened', turn });
  return { call, record };
}
