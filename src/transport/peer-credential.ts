import { hash, timingSafeEqual } from 'node:crypto';

import { GatewayError } from '../core/gateway-error.ts';
import type { RpcContext } from '../protocols/rpc.ts';

/** Header with the secret that replicas share. */
const TOKEN_HEADER = 'x-byova-peer-token';
/** Header that says which replica sends an RPC on. */
const REPLICA_HEADER = 'x-byova-replica';

/** What a replica says of itself to another. */
export function peerHeaders(
  replicaId: string,
  token: string | undefined,
): Readonly<Record<string, string>> {
  return { [REPLICA_HEADER]: replicaId, ...(token !== undefined && { [TOKEN_HEADER]: token }) };
}

/**
 * Makes the check that an RPC comes from another replica. It says nothing of the caller, whose own credential comes with the
 * RPC and is verified as everywhere.
 *
 * @param token `undefined`: any client that got through the TLS handshake is one.
 * @returns A function that throws {@link GatewayError} `ERR_TRANSPORT_PEER`.
 */
export function createPeerCheck(
  token: string | undefined,
): (rpc: Pick<RpcContext, 'header'>) => void {
  const expected = token === undefined ? undefined : digest(token);
  return (rpc) => {
    if (expected === undefined) return;
    const shown = rpc.header(TOKEN_HEADER);
    // Digests have one length, so that the comparison tells nothing of the token's.
    if (shown === undefined || !timingSafeEqual(digest(shown), expected))
      throw new GatewayError('ERR_TRANSPORT_PEER', 'this port is for other replicas');
  };
}

function digest(text: string): Buffer {
  return Buffer.from(hash('sha256', text, 'hex'));
}
