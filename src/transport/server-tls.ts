import type { SecureContextOptions } from 'node:tls';

import { ServerCredentials } from '@grpc/grpc-js';

import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { pollTlsFiles } from './poll-tls-files.ts';
import { type TlsFiles, compileTlsMaterial, readTlsFiles } from './tls-material.ts';

/** The server's side of TLS. */
export interface ServerTls {
  readonly credentials: ServerCredentials;
  /** When the certificate in service expires, in milliseconds since the Unix epoch; `undefined` without TLS. */
  readonly certificateExpiresAtMs: () => number | undefined;
  /** Stops looking at the files. */
  close(): void;
}

/** A handshake that takes longer is given up; Node.js would wait two minutes. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Loads the certificates and keeps them up to date: open connections live on with the certificate they began with, new
 * ones get the one that is in the files. What cannot be used is logged once and changes nothing.
 *
 * With `clientCaFile` a client without a certificate of that authority does not get past the handshake.
 *
 * @param files `undefined`: plaintext, for a balancer that ends TLS.
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when the files cannot be used at the start.
 */
export async function startServerTls(
  files: TlsFiles | undefined,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<ServerTls> {
  if (files === undefined)
    return {
      credentials: ServerCredentials.createInsecure(),
      certificateExpiresAtMs: () => undefined,
      close: () => undefined,
    };
  const first = await readTlsFiles(files);
  let material = compileTlsMaterial(first);
  const credentials = new ReloadableCredentials(
    {
      requestCert: files.clientCaFile !== undefined,
      rejectUnauthorized: files.clientCaFile !== undefined,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    material.context,
  );
  const poll = pollTlsFiles(files, first.fingerprint, deps, (changed) => {
    material = changed;
    credentials.reload(changed.context);
  });
  return {
    credentials,
    certificateExpiresAtMs: () => material.expiresAtMs,
    close: poll.cancel,
  };
}

/**
 * grpc-js asks for a subclass: its own credentials of this kind sit behind an experimental certificate provider, let
 * through no minimum version and no timeout, and refuse every connection while a file is broken.
 */
class ReloadableCredentials extends ServerCredentials {
  reload(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }
  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
