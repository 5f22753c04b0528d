import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerOptions } from 'node:https';
import { Server, TLSSocket } from 'node:tls';

import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { pollTlsFiles } from '../transport/poll-tls-files.ts';
import { HANDSHAKE_TIMEOUT_MS } from '../transport/server-tls.ts';
import { type TlsFiles, compileTlsMaterial, readTlsFiles } from '../transport/tls-material.ts';

/** TLS of the admin port, with certificates that follow their files. */
export interface AdminTls {
  readonly options: ServerOptions;
  /** Gives a server of these options each change of the files. */
  follow(server: unknown): void;
  /** Stops looking at the files. */
  close(): void;
}

/**
 * Loads the certificates of the admin port.
 *
 * With `clientCaFile` a client is asked for a certificate and let through the handshake without one, since probes have none:
 * what it may ask for then is decided by {@link demandCertificate}.
 *
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when the files cannot be used.
 */
export async function startAdminTls(
  files: TlsFiles,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<AdminTls> {
  const first = await readTlsFiles(files);
  const { context: firstContext } = compileTlsMaterial(first);
  let follower: Server | undefined;
  const poll = pollTlsFiles(files, first.fingerprint, deps, ({ context }) =>
    follower?.setSecureContext(context),
  );
  return {
    options: {
      ...firstContext,
      requestCert: files.clientCaFile !== undefined,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    follow(server) {
      if (server instanceof Server) follower = server;
    },
    close: poll.cancel,
  };
}

/** Refuses every request on these routes that comes without a certificate which the client authority has signed. */
export function demandCertificate(
  routes: FastifyInstance,
  onRefused: (request: FastifyRequest) => void,
): void {
  routes.addHook('onRequest', async (request, reply) => {
    const { socket } = request.raw;
    if (socket instanceof TLSSocket && socket.authorized) return undefined;
    onRefused(request);
    return reply.code(403).send({ error: 'a client certificate is needed' });
  });
}
