import type { MessagePort } from 'node:worker_threads';

import type { ErrorCode } from '../../core/gateway-error.ts';
import type { LogFields, Logger } from '../../core/logger.ts';
import type {
  BotCall,
  BotHandler,
  BotInput,
  BotOutput,
  BotTurn,
  EndReason,
} from '../bot-handler.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly use: string;
  readonly options: unknown;
  readonly baseDir: string;
  readonly maxStateLength: number;
  /** Everything is said over it: what the bot does with the thread's own port then reaches nobody. */
  readonly port: MessagePort;
}

/** A call as it goes to the worker; number and language alone once the worker knows it. */
export interface CallMessage {
  readonly number: number;
  readonly language: string;
  readonly facts?: Omit<BotCall, 'language' | 'state' | 'logger'>;
  /** JSON of `call.state`, when the worker does not have it. */
  readonly state?: string;
}

/** An input that can cross: the sound of a stream is asked for piece by piece. */
export type InputMessage =
  | Exclude<BotInput, { readonly type: 'speech-stream' }>
  | { readonly type: 'speech-stream'; readonly sensitive: boolean };

/** What the gateway tells a worker. An answer is asked for one output at a time, the first with `answer`. */
export type ToWorker =
  | {
      readonly type: 'answer';
      readonly answer: number;
      readonly call: CallMessage;
      readonly input: InputMessage;
      readonly interrupted: BotTurn['interrupted'];
      readonly traceHeaders: BotTurn['traceHeaders'];
    }
  | { readonly type: 'next'; readonly answer: number }
  /** Nobody waits for the answer any more; `reason` when its signal fired. */
  | { readonly type: 'leave'; readonly answer: number; readonly reason: string | undefined }
  | { readonly type: 'heard'; readonly answer: number; readonly piece: Uint8Array | undefined }
  | { readonly type: 'end'; readonly call: CallMessage; readonly reason: EndReason }
  /** The call goes on in another process. */
  | { readonly type: 'forget'; readonly call: number }
  | { readonly type: 'ping' }
  | { readonly type: 'close' };

/** What a worker tells the gateway; `state` is JSON, when it has changed. */
export type FromWorker =
  | {
      readonly type: 'ready';
      readonly name: string;
      readonly hears: BotHandler['hears'];
      readonly keepsCalls: BotHandler['keepsCalls'];
    }
  | { readonly type: 'not-ready'; readonly failure: Failure }
  | {
      readonly type: 'output';
      readonly answer: number;
      readonly output: BotOutput;
      readonly state: string | undefined;
    }
  | { readonly type: 'done'; readonly answer: number; readonly state: string | undefined }
  | {
      readonly type: 'threw';
      readonly answer: number;
      readonly failure: Failure;
      readonly state: string | undefined;
    }
  /** What changed after the answer was left. */
  | { readonly type: 'left'; readonly call: number; readonly state: string }
  /** The bot reads its speech stream; `false`: it reads no more. */
  | { readonly type: 'hear'; readonly answer: number; readonly more: boolean }
  | {
      readonly type: 'log';
      readonly call: number | undefined;
      readonly level: keyof Logger;
      /** JSON of the fields. */
      readonly fields: string;
      readonly message: string;
    }
  | { readonly type: 'ended'; readonly call: number; readonly failure: Failure | undefined }
  | { readonly type: 'pong'; readonly bufferBytes: number; readonly discarded: Discarded }
  | { readonly type: 'closed'; readonly failure: Failure | undefined };

/** What a bot wrote and nobody will read: log lines beyond what fits, and bytes of standard output and error. */
interface Discarded {
  readonly lines: number;
  readonly bytes: number;
}

/** An error that crossed: its message only where the code says that it is safe. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: LogFields;
}
