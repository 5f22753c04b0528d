import { constants } from 'node:http2';

import { status as Status } from '@grpc/grpc-js';

import { type Deadlines, createDeadlines } from '../core/deadlines.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { ResponseWriter } from '../protocols/rpc.ts';
import { MESSAGE_HEAD_BYTES, type ServedCall } from './served-call.ts';
import { MAX_SEND_BYTES } from './server-options.ts';
import { toStatus } from './status.ts';

/** Given to `ended` when the client went away. */
export const CANCELLED: unique symbol = Symbol('cancelled');

/** Sound for half a minute: what waits for one client before its bot is held back. */
const MAX_WAITING_BYTES = 256 * 1024;

/** Writers whose client must take something; who takes nothing for too long is given up. */
export type WriteStalls = Deadlines<CallWriter>;

/** Watches the writers of a server. @param timeoutMs How long a client may take nothing. */
export function createWriteStalls(clock: Clock, timeoutMs: number): WriteStalls {
  return createDeadlines(clock, timeoutMs, (writer) => writer.giveUp());
}

/** What a writer tells of its RPC. */
export interface WrittenCall {
  /** What goes with the status. */
  trailersOf(error: unknown): Readonly<Record<string, string>>;
  /** Called once, when the RPC was completed (`undefined`), failed, or is gone ({@link CANCELLED}). */
  ended(error: unknown): void;
}

/**
 * The writing half of one RPC. It alone writes and ends, so that an RPC ends exactly once and nothing is written afterwards.
 *
 * Messages go to the HTTP/2 stream itself: grpc-js would copy each into a buffer of its own and send it alone, while all that
 * is written in one turn of the event loop leaves here together, as it is. One object an RPC, hence a class.
 */
export class CallWriter implements ResponseWriter {
  readonly #call: ServedCall;
  readonly #written: WrittenCall;
  readonly #stalls: WriteStalls;
  #hasBegun = false;
  #hasEnded = false;
  #isCorked = false;
  #waiting: (() => void)[] | undefined;

  constructor(call: ServedCall, written: WrittenCall, stalls: WriteStalls) {
    this.#call = call;
    this.#written = written;
    this.#stalls = stalls;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Bytes that the client has not taken yet. */
  get waitingBytes(): number {
    return this.#call.stream.writableLength;
  }

  write(message: Buffer): boolean {
    const { stream } = this.#call;
    if (this.#hasEnded || stream.destroyed || stream.writableEnded) return true;
    if (message.length > MAX_SEND_BYTES) {
      this.fail(
        new GatewayError('ERR_TRANSPORT_MESSAGE_SIZE', 'an answer is too large to be sent'),
      );
      return true;
    }
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#call.sendHeaders();
    }
    if (!this.#isCorked) {
      this.#isCorked = true;
      stream.cork();
      process.nextTick(uncork, this);
    }
    const head = Buffer.allocUnsafe(MESSAGE_HEAD_BYTES);
    head[0] = 0;
    head.writeUInt32BE(message.length, 1);
    stream.write(head);
    stream.write(message);
    return stream.writableLength < MAX_WAITING_BYTES;
  }

  ready(): Promise<void> {
    const { stream } = this.#call;
    if (this.#hasEnded || stream.destroyed || stream.writableLength < MAX_WAITING_BYTES)
      return Promise.resolve();
    this.#stalls.add(this);
    return new Promise((resolve) => {
      if (this.#waiting === undefined) {
        this.#waiting = [];
        stream.once('drain', () => this.#release());
      }
      this.#waiting.push(resolve);
    });
  }

  complete(): void {
    if (!this.#end(undefined)) return;
    this.#close(Status.OK, 'OK', undefined);
  }

  fail(error: unknown): void {
    if (!this.#end(error)) return;
    const { code, details } = toStatus(error);
    this.#close(code, details, error);
  }

  /** Nothing waits to be written: the status was sent, or the client has cancelled, or its connection broke. */
  over(): void {
    this.#stalls.delete(this);
    this.#end(CANCELLED);
  }

  /** The client takes nothing. */
  giveUp(): void {
    this.#end(new GatewayError('ERR_TRANSPORT_SLOW_READER', 'the client has stopped reading'));
    // At once, throwing away what waits to be sent.
    this.#call.stream.close(constants.NGHTTP2_CANCEL);
  }

  uncork(): void {
    this.#isCorked = false;
    this.#call.stream.uncork();
  }

  #close(code: Status, details: string, error: unknown): void {
    // The status waits behind what is written, and so for the client; the call then says that it is over.
    if (this.#call.stream.writableLength > 0) this.#stalls.add(this);
    this.#call.sendStatus(code, details, this.#written.trailersOf(error));
  }

  #end(error: unknown): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    this.#release();
    this.#written.ended(error);
    return true;
  }

  #release(): void {
    this.#stalls.delete(this);
    const released = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of released ?? []) resolve();
  }
}

function uncork(writer: CallWriter): void {
  writer.uncork();
}
