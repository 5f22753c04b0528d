import { Metadata } from '@grpc/grpc-js';

import { isGatewayError } from '../core/gateway-error.ts';

/** How long a client should wait before it tries again, in milliseconds; gRPC's own name. */
const RETRY_HINT = 'grpc-retry-pushback-ms';

/** What goes with the status of an RPC: the id by which it stands in the log, and when to come back if there was no room. */
export function toTrailers(trackingId: string, error?: unknown): Metadata {
  const waitMs = isGatewayError(error) ? error.detail['retryAfterMs'] : undefined;
  return new Trailers(
    typeof waitMs === 'number'
      ? { trackingid: trackingId, [RETRY_HINT]: String(Math.round(waitMs)) }
      : { trackingid: trackingId },
  );
}

/** Metadata that goes out as it is: grpc-js would check, copy and convert it once more for each RPC. */
class Trailers extends Metadata {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(headers: Readonly<Record<string, string>>) {
    super();
    this.#headers = headers;
  }

  override clone(): Metadata {
    return this;
  }

  override toHttp2Headers(): Record<string, string> {
    return this.#headers;
  }
}
