import type { handleUnaryCall } from '@grpc/grpc-js';

import { runInBackground } from '../core/background.ts';
import type { UnaryHandler } from '../protocols/rpc.ts';
import { headersOf, trackingIdOf } from './call-layers.ts';
import { widenConnectionWindow } from './http2-stream.ts';
import type { ServeDeps } from './serve-bidi.ts';
import { toServiceError } from './status.ts';
import { toTrailers } from './trailers.ts';

/** Makes a grpc-js handler of a unary RPC. */
export function serveUnary<Request>(
  method: string,
  schemaId: string,
  handler: UnaryHandler<Request>,
  {
    layers,
    connections,
    connectionWindowBytes,
  }: Pick<ServeDeps, 'layers' | 'connections' | 'connectionWindowBytes'>,
): handleUnaryCall<Request, Buffer> {
  return (call, callback) => {
    widenConnectionWindow(call, connectionWindowBytes);
    const trackingId = trackingIdOf(call.metadata);
    const end = (error: unknown): void =>
      layers.ended({ method, trackingId, peer: call.getPeer(), error });
    runInBackground(
      async () => {
        const principal = layers.admit(call, schemaId);
        const caller = principal instanceof Promise ? await principal : principal;
        connections.admitted(call);
        const header = headersOf(call.metadata);
        const answer = handler({ principal: caller, trackingId, header }, call.request);
        end(undefined);
        callback(null, answer, toTrailers(trackingId));
      },
      (error) => {
        end(error);
        callback(toServiceError(error, toTrailers(trackingId, error)));
      },
    );
  };
}
