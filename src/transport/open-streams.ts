import type { Principal } from '../conversation/principal.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** A streaming RPC whose caller was let in. */
export interface OpenStream {
  readonly principal: Principal;
  /** Ends the RPC with the status that belongs to `error`. */
  fail(error: unknown): void;
  /** Bytes that the client has not taken yet. */
  waitingBytes?(): number;
}

/** The streaming RPCs that are open, as many as the server's limits allow. */
export interface OpenStreams {
  add(stream: OpenStream): void;
  delete(stream: OpenStream): void;
  readonly size: () => number;
  /** Of all of them; looked up when it is asked for. */
  readonly waitingBytes: () => number;
  /** Ends every stream whose caller would not be let in now with `ERR_AUTH_REVOKED`, whatever it is doing. */
  endUnwelcome(isWelcome: (principal: Principal) => boolean): void;
}

/** Creates the register; one object a server. */
export function createOpenStreams(): OpenStreams {
  const streams = new Set<OpenStream>();
  return {
    add: (stream) => void streams.add(stream),
    delete: (stream) => void streams.delete(stream),
    size: () => streams.size,
    waitingBytes() {
      let bytes = 0;
      for (const stream of streams) bytes += stream.waitingBytes?.() ?? 0;
      return bytes;
    },
    endUnwelcome(isWelcome) {
      for (const stream of streams)
        if (!isWelcome(stream.principal))
          stream.fail(new GatewayError('ERR_AUTH_REVOKED', 'the credential was revoked'));
    },
  };
}
