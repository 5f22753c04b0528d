import { abortable } from '../../core/abort.ts';
import { runInBackground } from '../../core/background.ts';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';
import type { LogFields, Logger } from '../../core/logger.ts';
import type { BotCall, BotHandler, BotInput, BotOutput, EndReason } from '../bot-handler.ts';
import { copyAudio } from './audio-copy.ts';
import { readState, writeState } from './call-state.ts';
import { toError } from './failure.ts';
import type { IsolationOptions } from './isolated-options.ts';
import type { CallMessage, FromWorker, InputMessage } from './worker-message.ts';
import { type LossReason, type WorkerBot, startWorkerThread } from './worker-thread.ts';

/** A bot in one thread, for as long as that thread lives. */
export interface WorkerLink {
  readonly name: string;
  readonly hears: BotHandler['hears'];
  readonly keepsCalls: BotHandler['keepsCalls'];
  readonly answer: BotHandler['answer'];
  end(call: BotCall, reason: EndReason): Promise<void>;
  /** The call goes on in another process. */
  leave(call: BotCall): void;
  close(): Promise<void>;
}

/** What a link is started with. */
export interface WorkerLinkDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once, when the thread is gone; its open answers have failed then. */
  readonly onLost: () => void;
}

/** A call that the thread knows. */
interface Seat {
  readonly number: number;
  readonly call: BotCall;
  /** JSON of `call.state` as the thread has it. */
  known: string;
}

interface OpenAnswer {
  readonly seat: Seat;
  readonly ears: AsyncIterator<Uint8Array> | undefined;
  waiting:
    | { resolve(output: BotOutput | undefined): void; reject(error: unknown): void }
    | undefined;
}

/**
 * Starts a thread and gives the bot in it as if it were here; the half of an isolated bot outside the thread.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD`.
 */
export async function startWorkerLink(
  bot: WorkerBot,
  options: Required<IsolationOptions>,
  { clock, logger, onLost }: WorkerLinkDeps,
): Promise<WorkerLink> {
  const seats = new WeakMap<BotCall, Seat>();
  const seatsByNumber = new Map<number, Seat>();
  const answers = new Map<number, OpenAnswer>();
  const endings = new Map<number, (error?: GatewayError) => void>();
  let lastNumber = 0;
  let lost: GatewayError | undefined;

  const learn = (seat: Seat | undefined, state: string | undefined): void => {
    if (seat === undefined || state === undefined) return;
    seat.known = state;
    readState(seat.call.state, state);
  };
  const log = ({ call, level, fields, message }: Extract<FromWorker, { type: 'log' }>): void => {
    const parsed: unknown = JSON.parse(fields);
    const line: LogFields = isRecord(parsed) ? parsed : {};
    const owner = call === undefined ? undefined : seatsByNumber.get(call)?.call;
    (owner?.logger ?? logger)[level](line, message);
  };
  const hear = (answer: number, more: boolean): void => {
    const ears = answers.get(answer)?.ears;
    if (ears === undefined) return;
    if (!more) return stopHearing(ears);
    runInBackground(
      async () => {
        const { done, value } = await ears.next();
        if (!answers.has(answer)) return;
        const [piece, handedOver] = done === true ? [undefined, []] : copyAudio(value);
        thread.post({ type: 'heard', answer, piece }, handedOver);
      },
      () => thread.post({ type: 'heard', answer, piece: undefined }),
    );
  };
  const onMessage = (message: FromWorker): void => {
    switch (message.type) {
      case 'output':
      case 'done':
      case 'threw': {
        const open = answers.get(message.answer);
        // Left in the meantime: what has changed is told once it has wound up.
        if (open === undefined) return;
        learn(open.seat, message.state);
        if (message.type !== 'output') answers.delete(message.answer);
        if (message.type === 'threw') open.waiting?.reject(toError(message.failure));
        else open.waiting?.resolve(message.type === 'output' ? message.output : undefined);
        return;
      }
      case 'left':
        return learn(seatsByNumber.get(message.call), message.state);
      case 'hear':
        return hear(message.answer, message.more);
      case 'log':
        return log(message);
      case 'ended': {
        const settle = endings.get(message.call);
        endings.delete(message.call);
        return settle?.(message.failure && toError(message.failure));
      }
      default:
        return undefined;
    }
  };
  const lose = (reason: LossReason): void => {
    const error =
      reason === 'closed'
        ? new GatewayError('ERR_HANDLER_UNAVAILABLE', 'the bot is closed')
        : new GatewayError('ERR_HANDLER_CRASHED', 'the worker of the bot was lost', {
            detail: { reason },
          });
    lost = error;
    for (const { waiting, ears } of answers.values()) {
      if (ears !== undefined) stopHearing(ears);
      waiting?.reject(error);
    }
    for (const settle of endings.values()) settle(error);
    answers.clear();
    endings.clear();
    seatsByNumber.clear();
    onLost();
  };
  const thread = await startWorkerThread(bot, options, { clock, logger, onMessage, onLost: lose });

  const assertAlive = (): void => {
    if (lost !== undefined) throw lost;
  };
  const introduce = (call: BotCall): readonly [Seat, CallMessage] => {
    const text = writeState(call.state, options.maxStateLength);
    const { language, state: _state, logger: _logger, ...facts } = call;
    const seated = seats.get(call);
    if (seated !== undefined) {
      const { number } = seated;
      const changed = text === seated.known ? {} : { state: text };
      seated.known = text;
      return [seated, { number, language, ...changed }];
    }
    const seat = { number: ++lastNumber, call, known: text };
    seats.set(call, seat);
    seatsByNumber.set(seat.number, seat);
    return [seat, { number: seat.number, language, facts, state: text }];
  };

  return {
    name: thread.name,
    hears: thread.hears,
    keepsCalls: thread.keepsCalls,
    async *answer(call, input, { signal, interrupted, traceHeaders }) {
      assertAlive();
      if (signal.aborted) return;
      const answer = ++lastNumber;
      const [seat, callMessage] = introduce(call);
      const [inputMessage, handedOver] = toMessage(input);
      const open: OpenAnswer = { seat, ears: earsOf(input), waiting: undefined };
      const leave = (): void => {
        if (!answers.delete(answer)) return;
        const reason = signal.aborted ? toReason(signal.reason) : undefined;
        thread.post({ type: 'leave', answer, reason });
        if (open.ears !== undefined) stopHearing(open.ears);
      };
      const step = (): Promise<BotOutput | undefined> =>
        new Promise((resolve, reject) => {
          open.waiting = { resolve, reject };
        });
      answers.set(answer, open);
      // Not only when it is read again: the bot may be at work while the caller listens.
      signal.addEventListener('abort', leave);
      try {
        let next = step();
        thread.post(
          {
            type: 'answer',
            answer,
            call: callMessage,
            input: inputMessage,
            interrupted,
            traceHeaders,
          },
          handedOver,
        );
        for (;;) {
          const output = await abortable(next, signal);
          if (output === undefined) return;
          yield output;
          if (signal.aborted) return;
          assertAlive();
          next = step();
          thread.post({ type: 'next', answer });
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', leave);
        leave();
      }
    },
    async end(call, reason) {
      assertAlive();
      const [{ number }, callMessage] = introduce(call);
      try {
        await new Promise<void>((resolve, reject) => {
          endings.set(number, (error) => (error === undefined ? resolve() : reject(error)));
          thread.post({ type: 'end', call: callMessage, reason });
        });
      } finally {
        seats.delete(call);
        seatsByNumber.delete(number);
      }
    },
    leave(call) {
      const seat = seats.get(call);
      if (seat === undefined) return;
      seats.delete(call);
      seatsByNumber.delete(seat.number);
      if (lost === undefined) thread.post({ type: 'forget', call: seat.number });
    },
    close: thread.close,
  };
}

/** Sound is copied, for the gateway keeps it; a stream is read when the bot reads it. */
function toMessage(input: BotInput): readonly [InputMessage, ArrayBuffer[]] {
  switch (input.type) {
    case 'speech': {
      const [audio, handedOver] = copyAudio(input.audio);
      return [{ ...input, audio }, handedOver];
    }
    case 'speech-stream':
      return [{ type: 'speech-stream', sensitive: input.sensitive }, []];
    case 'start':
    case 'digits':
    case 'no-input':
    case 'custom-event':
      return [input, []];
    default:
      return input satisfies never;
  }
}

function earsOf(input: BotInput): AsyncIterator<Uint8Array> | undefined {
  return input.type === 'speech-stream' ? input.audio[Symbol.asyncIterator]() : undefined;
}

function stopHearing(ears: AsyncIterator<Uint8Array>): void {
  runInBackground(
    async () => void (await ears.return?.()),
    () => undefined,
  );
}

/** The gateway aborts with a word; anything else cannot cross. */
function toReason(reason: unknown): string {
  return typeof reason === 'string' ? reason : 'cancelled';
}
