import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';

import type { WebexTls } from '../simulator/caller.ts';
import { codeOf } from './doctor-words.ts';

/** A TLS connection that came about, trusted or not. */
export interface Handshake {
  readonly type: 'shaken';
  readonly certificate: X509Certificate;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** What the server chose of `h2` and `http/1.1`; `undefined`: it knows no ALPN. */
  readonly alpn: string | undefined;
  /** Why the chain is not trusted, as OpenSSL names it; `undefined`: it is. */
  readonly trustFailure: string | undefined;
}

/** No TLS connection. */
export interface FailedHandshake {
  readonly type: 'failed';
  readonly code: string | undefined;
  /** Whether there was a TCP connection. */
  readonly isConnected: boolean;
}

/**
 * Opens a TLS connection of version 1.2 or later, looks at it, and closes it.
 *
 * @param options.timeoutMs From the first packet to the end of the handshake, in milliseconds.
 * @returns Never a rejection.
 */
export function shakeHands(options: {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly tls?: Omit<WebexTls, 'serverName'>;
}): Promise<Handshake | FailedHandshake> {
  const { host, port, timeoutMs, tls = {} } = options;
  let isConnected = false;
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ...tls,
      // A certificate that is not trusted is to be looked at, too; nothing is sent over this connection.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(isIP(host) === 0 && { servername: host }),
    });
    const timer = setTimeout(() => finish(fail('ETIMEDOUT')), timeoutMs);
    const finish = (result: Handshake | FailedHandshake): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const fail = (code: string | undefined): FailedHandshake => ({
      type: 'failed',
      code,
      isConnected,
    });
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.on('error', (error) => finish(fail(codeOf(error))));
    socket.once('end', () => finish(fail('ECONNRESET')));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      finish(
        certificate === undefined
          ? fail(undefined)
          : {
              type: 'shaken',
              certificate,
              protocol: socket.getProtocol() ?? 'TLS',
              alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
              trustFailure: socket.authorized ? undefined : String(socket.authorizationError),
            },
      );
    });
  });
}
