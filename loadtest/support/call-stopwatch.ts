import type { CallEvent } from '../../src/simulator/call-event.ts';

/** Times of one utterance that a call was answered to, in milliseconds. */
interface UtteranceTimes {
  /** From the first frame of speech to START_OF_INPUT. */
  readonly startMs: number;
  /** From the first frame of speech to END_OF_INPUT. */
  readonly endMs: number;
  /** From END_OF_INPUT to the first message with sound. */
  readonly answerMs: number;
  /** From the first frame of speech to the last message of the prompt that it cut short; absent when it cut none. */
  readonly stopMs: number | undefined;
}

/** Takes the times of one call from its events. */
export interface CallStopwatch {
  note(event: CallEvent): void;
  readonly utterances: readonly UtteranceTimes[];
  /** How long the caller waited for the first sound after each start and each END_OF_INPUT, in milliseconds. */
  readonly waitsMs: readonly number[];
  /** Turns that asked for an answer and ended without a sound, and prompts that went on although they were cut short. */
  readonly faults: readonly ('silent-turn' | 'unstopped-prompt')[];
}

interface Utterance {
  readonly spokeAtMs: number;
  /** The RPC whose prompt was being sent. */
  readonly oldTurn: number | undefined;
  oldEndedAtMs: number | undefined;
  turn: number | undefined;
  startMs: number;
  endMs: number;
}

/** Creates the stopwatch of one call; hand its `note` to the call as `onEvent`. */
export function createCallStopwatch(): CallStopwatch {
  const utterances: UtteranceTimes[] = [];
  const waitsMs: number[] = [];
  const faults: ('silent-turn' | 'unstopped-prompt')[] = [];
  /** When the answer to a turn became due. */
  const dueAtMs = new Map<number, number>();
  let talkingTurn: number | undefined;
  let current: Utterance | undefined;

  const finish = (utterance: Utterance, answerMs: number): void => {
    const { spokeAtMs, oldTurn, oldEndedAtMs, startMs, endMs } = utterance;
    current = undefined;
    if (oldTurn !== undefined && oldEndedAtMs === undefined) faults.push('unstopped-prompt');
    utterances.push({
      startMs,
      endMs,
      answerMs,
      stopMs: oldEndedAtMs === undefined ? undefined : oldEndedAtMs - spokeAtMs,
    });
  };
  const received = (event: Extract<CallEvent, { readonly type: 'received' }>): void => {
    const { turn, atMs } = event;
    if (current !== undefined && turn === current.oldTurn && event.kind === 'closing')
      current.oldEndedAtMs = atMs;
    if (current !== undefined && event.event === 'START_OF_INPUT') {
      current.turn = turn;
      current.startMs = atMs - current.spokeAtMs;
    }
    if (event.event === 'END_OF_INPUT') {
      dueAtMs.set(turn, atMs);
      if (current?.turn === turn) current.endMs = atMs - current.spokeAtMs;
    }
    const due = dueAtMs.get(turn);
    if (event.audioBytes > 0) {
      talkingTurn = turn;
      if (due !== undefined) {
        dueAtMs.delete(turn);
        waitsMs.push(atMs - due);
        if (current?.turn === turn) finish(current, atMs - due);
      }
    }
    if (event.kind !== 'closing') return;
    if (turn === talkingTurn) talkingTurn = undefined;
    if (dueAtMs.delete(turn)) faults.push('silent-turn');
  };
  return {
    note(event) {
      if (event.type === 'received') received(event);
      else if (event.type === 'sent' && event.input === 'start')
        dueAtMs.set(event.turn, event.atMs);
      else if (event.type === 'speech-started')
        current = {
          spokeAtMs: event.atMs,
          oldTurn: talkingTurn,
          oldEndedAtMs: undefined,
          turn: undefined,
          startMs: Number.NaN,
          endMs: Number.NaN,
        };
    },
    utterances,
    waitsMs,
    faults,
  };
}
