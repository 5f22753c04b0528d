import type { handleBidiStreamingCall } from '@grpc/grpc-js';

import type { Principal } from '../conversation/principal.ts';
import type { Clock } from '../core/clock.ts';
import type { BidiHandler, RequestListener } from '../protocols/rpc.ts';
import { type CallLayers, headersOf, trackingIdOf } from './call-layers.ts';
import type { ConnectionGuard } from './connection-guard.ts';
import { waitingBytesOf, widenConnectionWindow } from './http2-stream.ts';
import type { OpenStream } from './open-streams.ts';
import { readRequests } from './read-requests.ts';
import { toTrailers } from './trailers.ts';
import { createCallWriter } from './write-responses.ts';

/** What every RPC is served with. */
export interface ServeDeps {
  readonly clock: Clock;
  readonly layers: CallLayers;
  readonly connections: Pick<ConnectionGuard, 'admitted'>;
  readonly firstMessageTimeoutMs: number;
  readonly writeStallTimeoutMs: number;
  /** Receive window of each connection, in bytes. */
  readonly connectionWindowBytes: number;
}

/**
 * Makes a grpc-js handler of a bidirectional RPC. Nothing is read before the caller is known; whatever throws, here or in
 * the handler, ends the RPC with a status and never the process.
 */
export function serveBidi<Request>(
  method: string,
  schemaId: string,
  handler: BidiHandler<Request>,
  deps: ServeDeps,
): handleBidiStreamingCall<Request, Buffer> {
  const { layers } = deps;
  return (call) => {
    widenConnectionWindow(call, deps.connectionWindowBytes);
    const trackingId = trackingIdOf(call.metadata);
    let listener: RequestListener<Request> | undefined;
    let stream: OpenStream | undefined;
    const writer = createCallWriter(call, {
      clock: deps.clock,
      writeStallTimeoutMs: deps.writeStallTimeoutMs,
      trailers: (error) => toTrailers(trackingId, error),
      onEnd(error) {
        layers.ended({ method, trackingId, peer: call.getPeer(), error });
        if (stream !== undefined) layers.streams.delete(stream);
        listener?.closed();
      },
    });
    const begin = (principal: Principal): void => {
      deps.connections.admitted(call);
      if (call.cancelled || writer.hasEnded()) return writer.cancelled();
      stream = { principal, fail: writer.fail, waitingBytes: () => waitingBytesOf(call) };
      layers.streams.add(stream);
      listener = handler({ principal, trackingId, header: headersOf(call.metadata) }, writer);
      return readRequests(call, listener, writer, deps);
    };
    try {
      const principal = layers.admit(call, schemaId);
      if (principal instanceof Promise)
        principal.then(begin).catch((error: unknown) => writer.fail(error));
      else begin(principal);
    } catch (error) {
      writer.fail(error);
    }
  };
}
