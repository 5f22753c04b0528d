import type { MessagePort } from 'node:worker_threads';
import { getHeapStatistics } from 'node:v8';

import { runInBackground } from '../../core/background.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { BotCall, BotHandler, BotInput, BotOutput } from '../bot-handler.ts';
import { copyAudio } from './audio-copy.ts';
import { readState, writeState } from './call-state.ts';
import { toFailure } from './failure.ts';
import { type RemoteAudio, createRemoteAudio } from './remote-audio.ts';
import type { WorkerLoggers } from './worker-logger.ts';
import type { CallMessage, Failure, FromWorker, ToWorker } from './worker-message.ts';

/** Most sound of one output: over half an hour; memory outside the heap is not bounded by the thread's limits. */
const MAX_AUDIO_BYTES = 16 * 1024 * 1024;

/** A call as long as the worker knows it. */
interface Seat {
  readonly number: number;
  readonly call: BotCall & { language: string };
  /** JSON of `call.state` as the gateway has it. */
  known: string;
}

interface OpenAnswer {
  readonly seat: Seat;
  readonly outputs: AsyncIterator<BotOutput>;
  readonly controller: AbortController;
  readonly audio: RemoteAudio | undefined;
}

/** What {@link serveBot} works with. */
export interface ServeDeps {
  readonly port: MessagePort;
  readonly loggers: WorkerLoggers;
  readonly maxStateLength: number;
  /** Bytes that the bot has written to standard output and error. */
  readonly discardedBytes: () => number;
}

/** Answers the gateway's messages with a bot, until the gateway closes it; the half of an isolated bot inside the thread. */
export function serveBot(
  bot: BotHandler,
  { port, loggers, maxStateLength, discardedBytes }: ServeDeps,
): void {
  const seats = new Map<number, Seat>();
  const answers = new Map<number, OpenAnswer>();
  const post = (message: FromWorker, handedOver: ArrayBuffer[] = []): void =>
    port.postMessage(message, handedOver);

  const seatOf = ({ number, language, facts, state }: CallMessage): Seat => {
    let seat = seats.get(number);
    if (seat === undefined) {
      // The gateway gives the facts of a call that this worker has not seen.
      const known = facts as NonNullable<typeof facts>;
      const logger = loggers.open(number);
      seat = { number, call: { ...known, language, state: {}, logger }, known: '{}' };
      seats.set(number, seat);
    }
    seat.call.language = language;
    if (state !== undefined) {
      seat.known = state;
      readState(seat.call.state, state);
    }
    return seat;
  };
  /** JSON of the state when the gateway has another. */
  const changed = (seat: Seat): string | undefined => {
    const state = writeState(seat.call.state, maxStateLength);
    if (state === seat.known) return undefined;
    seat.known = state;
    return state;
  };

  const begin = (message: Extract<ToWorker, { readonly type: 'answer' }>): void => {
    const { answer, interrupted, traceHeaders } = message;
    const seat = seatOf(message.call);
    const controller = new AbortController();
    const { signal } = controller;
    let audio: RemoteAudio | undefined;
    let input: BotInput;
    if (message.input.type === 'speech-stream') {
      audio = createRemoteAudio((more) => post({ type: 'hear', answer, more }));
      input = { ...message.input, audio: audio.pieces };
    } else input = message.input;
    try {
      const turn = { signal, interrupted, traceHeaders };
      const outputs = bot.answer(seat.call, input, turn)[Symbol.asyncIterator]();
      answers.set(answer, { seat, outputs, controller, audio });
    } catch (error) {
      return post({ type: 'threw', answer, failure: toFailure(error), state: undefined });
    }
    return step(answer);
  };
  const step = (answer: number): void => {
    const open = answers.get(answer);
    if (open === undefined) return;
    runInBackground(
      async () => {
        const { done, value } = await open.outputs.next();
        if (!answers.has(answer)) return tellLate(open.seat);
        const state = changed(open.seat);
        if (done !== true) return postOutput(answer, value, state);
        answers.delete(answer);
        return post({ type: 'done', answer, state });
      },
      (error) => {
        if (!answers.delete(answer)) return tellLate(open.seat);
        post({ type: 'threw', answer, failure: toFailure(error), ...stateOf(open.seat) });
      },
    );
  };
  const postOutput = (answer: number, output: BotOutput, state: string | undefined): void => {
    const message = { type: 'output', answer, state } as const;
    try {
      // A bot may yield anything at all; what is wrong with it, the gateway says.
      if (output?.type !== 'audio' || !(output.audio instanceof Uint8Array))
        return post({ ...message, output });
      if (output.audio.length > MAX_AUDIO_BYTES)
        throw new GatewayError('ERR_HANDLER_OUTPUT', 'the sound of one output is too long');
      const [audio, handedOver] = copyAudio(output.audio);
      return post({ ...message, output: { ...output, audio } }, handedOver);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      throw new GatewayError('ERR_HANDLER_OUTPUT', 'the output is not plain data', {
        cause: error,
      });
    }
  };
  /** For when something else is reported already; the state is then as it was. */
  const stateOf = (seat: Seat): { readonly state: string | undefined } => {
    try {
      return { state: changed(seat) };
    } catch {
      return { state: undefined };
    }
  };
  const tellLate = (seat: Seat): void => {
    const { state } = stateOf(seat);
    if (state !== undefined) post({ type: 'left', call: seat.number, state });
  };
  const leave = (answer: number, reason: string | undefined): void => {
    const open = answers.get(answer);
    if (open === undefined) return;
    answers.delete(answer);
    // Only when it was called off: who merely stops reading aborts nothing.
    if (reason !== undefined) open.controller.abort(reason);
    open.audio?.end();
    runInBackground(
      async () => {
        await open.outputs.return?.();
        tellLate(open.seat);
      },
      () => tellLate(open.seat),
    );
  };
  const end = ({ call, reason }: Extract<ToWorker, { readonly type: 'end' }>): void => {
    const report = (failure: Failure | undefined): void =>
      post({ type: 'ended', call: call.number, failure });
    runInBackground(
      async () => {
        const seat = seatOf(call);
        seats.delete(call.number);
        await bot.end?.(seat.call, reason);
        report(undefined);
      },
      (error) => report(toFailure(error)),
    );
  };
  const forget = (call: number): void => {
    const seat = seats.get(call);
    seats.delete(call);
    if (seat === undefined) return;
    runInBackground(
      () => bot.leave?.(seat.call),
      () => undefined,
    );
  };
  const close = (): void =>
    runInBackground(
      async () => {
        await bot.close?.();
        post({ type: 'closed', failure: undefined });
      },
      (error) => post({ type: 'closed', failure: toFailure(error) }),
    );

  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'answer':
        return begin(message);
      case 'next':
        return step(message.answer);
      case 'leave':
        return leave(message.answer, message.reason);
      case 'heard':
        return answers.get(message.answer)?.audio?.give(message.piece);
      case 'end':
        return end(message);
      case 'forget':
        return forget(message.call);
      case 'ping':
        return post({
          type: 'pong',
          bufferBytes: getHeapStatistics().external_memory,
          discarded: { lines: loggers.renew(), bytes: discardedBytes() },
        });
      case 'close':
        return close();
      default:
        return message satisfies never;
    }
  });
}
