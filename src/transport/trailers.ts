import { isGatewayError } from '../core/gateway-error.ts';

/** How long a client should wait before it tries again, in milliseconds; gRPC's own name. */
const RETRY_HINT = 'grpc-retry-pushback-ms';

/** What goes with the status of an RPC: the id by which it stands in the log, and when to come back if there was no room. */
export function toTrailers(trackingId: string, error?: unknown): Readonly<Record<string, string>> {
  const waitMs = isGatewayError(error) ? error.detail['retryAfterMs'] : undefined;
  return typeof waitMs === 'number'
    ? { trackingid: trackingId, [RETRY_HINT]: String(Math.round(waitMs)) }
    : { trackingid: trackingId };
}
