import { Metadata } from '@grpc/grpc-js';

import { isGatewayError } from '../core/gateway-error.ts';

/** How long a client should wait before it tries again, in milliseconds; gRPC's own name. */
const RETRY_HINT = 'grpc-retry-pushback-ms';

/** What goes with the status of an RPC: the id by which it stands in the log, and when to come back if there was no room. */
export function toTrailers(trackingId: string, error?: unknown): Metadata {
  const trailers = new Metadata();
  trailers.set('trackingid', trackingId);
  const waitMs = isGatewayError(error) ? error.detail['retryAfterMs'] : undefined;
  if (typeof waitMs === 'number') trailers.set(RETRY_HINT, String(Math.round(waitMs)));
  return trailers;
}
