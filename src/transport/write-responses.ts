import type { Metadata, ServerDuplexStream } from '@grpc/grpc-js';

import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { ResponseWriter } from '../protocols/rpc.ts';
import { resetStream } from './http2-stream.ts';
import { toServiceError } from './status.ts';

/** What the writer of a call works with. */
export interface WriteDeps {
  readonly clock: Clock;
  /** A client that takes nothing for this long is given up, in milliseconds. */
  readonly writeStallTimeoutMs: number;
  /** What goes with the status. */
  readonly trailers?: (error?: unknown) => Metadata;
  /** Called once, when the RPC was completed, failed, or is gone. */
  readonly onEnd: (error: unknown) => void;
}

/** The writing half of one grpc-js stream. */
export interface CallWriter extends ResponseWriter {
  readonly hasEnded: () => boolean;
  /** The client has cancelled, or its connection broke. */
  cancelled(): void;
}

/**
 * Creates the writer of a call. It alone calls `write` and `end`, so that an RPC ends exactly once and nothing is
 * written afterwards.
 */
export function createCallWriter<Request>(
  call: ServerDuplexStream<Request, Buffer>,
  deps: WriteDeps,
): CallWriter {
  let hasEnded = false;
  let stall: Timer | undefined;
  let waiting: (() => void)[] = [];

  const release = (): void => {
    stall?.cancel();
    stall = undefined;
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve();
  };
  const end = (error: unknown): boolean => {
    if (hasEnded) return false;
    hasEnded = true;
    release();
    deps.onEnd(error);
    return true;
  };
  const giveUp = (): void => {
    end(new GatewayError('ERR_TRANSPORT_SLOW_READER', 'the client has stopped reading'));
    resetStream(call);
  };
  const watch = (): void => {
    stall ??= deps.clock.setTimer(deps.writeStallTimeoutMs, giveUp);
  };
  call.on('drain', release);
  call.on('finish', () => stall?.cancel());
  return {
    write: (message) => hasEnded || call.write(message),
    ready() {
      if (hasEnded || !call.writableNeedDrain) return Promise.resolve();
      watch();
      return new Promise((resolve) => waiting.push(resolve));
    },
    complete() {
      if (!end(undefined)) return;
      call.end(deps.trailers?.());
      if (call.writableLength > 0) watch();
    },
    fail(error) {
      if (!end(error)) return;
      call.emit('error', toServiceError(error, deps.trailers?.(error)));
      if (call.writableLength > 0) watch();
    },
    cancelled: () => void end(CANCELLED),
    hasEnded: () => hasEnded,
  };
}

/** Given to `onEnd` when the client went away. */
export const CANCELLED: unique symbol = Symbol('cancelled');
