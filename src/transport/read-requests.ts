import type { ServerDuplexStream } from '@grpc/grpc-js';

import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestListener } from '../protocols/rpc.ts';
import type { CallWriter } from './write-responses.ts';

/** What reading a call needs. */
export interface ReadDeps {
  readonly clock: Clock;
  /** A stream that brings no first message for this long is closed, in milliseconds. */
  readonly firstMessageTimeoutMs: number;
}

/**
 * Feeds the messages of a call to `listener`, in order, and holds the client back while the listener is busy.
 *
 * The only place that reads a grpc-js stream. It never iterates it: a `for await` that ends early would destroy the call
 * before its status is sent.
 */
export function readRequests<Request>(
  call: ServerDuplexStream<Request, Buffer>,
  listener: RequestListener<Request>,
  writer: CallWriter,
  deps: ReadDeps,
): void {
  const firstMessage = deps.clock.setTimer(deps.firstMessageTimeoutMs, () =>
    writer.fail(new GatewayError('ERR_TRANSPORT_FIRST_MESSAGE_TIMEOUT', 'no message came in time')),
  );
  const hold = async (busy: Promise<void>): Promise<void> => {
    call.pause();
    try {
      await busy;
      call.resume();
    } catch (error) {
      writer.fail(error);
      call.resume();
    }
  };
  call.on('data', (request: Request) => {
    firstMessage.cancel();
    if (writer.hasEnded()) return;
    try {
      const busy = listener.message(request);
      if (busy !== undefined) void hold(busy);
    } catch (error) {
      writer.fail(error);
    }
  });
  call.on('end', () => {
    firstMessage.cancel();
    if (writer.hasEnded()) return;
    try {
      listener.halfClose();
    } catch (error) {
      writer.fail(error);
    }
  });
  call.on('cancelled', () => {
    firstMessage.cancel();
    writer.cancelled();
  });
}
