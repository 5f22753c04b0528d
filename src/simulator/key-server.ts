import { once } from 'node:events';
import { type Server, createServer } from 'node:http';

import { type KeyFault, answerWithFault } from './key-fault.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** Where a broker publishes its keys, below its own origin. @see protocol.md section 3.4 */
const ISSUER_PATH = '/idb';
const KEYS_PATH = '/oauth2/v2/keys/verificationjwk';

/** What Webex's own servers say: six hours. */
const DEFAULT_MAX_AGE_SECONDS = 21_600;

/** A running key server. */
export interface KeyServer {
  /** Its origin. */
  readonly url: string;
  /** An `iss` whose derived key address is this server. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** Requests for the keys so far. */
  requests(): number;
  /** Chooses how requests go wrong from now on. */
  setFault(fault: KeyFault): void;
  /** Stops at once, open connections included; may be called again. */
  close(): Promise<void>;
}

/** How a key server is started. */
export interface KeyServerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** `Cache-Control: max-age`; default six hours. */
  readonly maxAgeSeconds?: number;
  readonly fault?: KeyFault;
}

/**
 * Serves the key sets of `issuers`, joined, as Webex's identity brokers do.
 *
 * The keys are read at each request, so a rotation shows at once.
 */
export async function startKeyServer(
  issuers: Pick<TokenIssuer, 'jwks'> | readonly Pick<TokenIssuer, 'jwks'>[],
  options: KeyServerOptions = {},
): Promise<KeyServer> {
  const sources = 'jwks' in issuers ? [issuers] : issuers;
  const { host = '127.0.0.1', maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = options;
  let fault: KeyFault = options.fault ?? { type: 'none' };
  let requests = 0;
  const server = createServer((request, response) => {
    if (request.url !== `${ISSUER_PATH}${KEYS_PATH}`) {
      response.writeHead(404).end();
      return;
    }
    requests += 1;
    const body = JSON.stringify({ keys: sources.flatMap((source) => source.jwks().keys) });
    if (fault.type !== 'none') {
      answerWithFault(response, fault, body);
      return;
    }
    response
      .writeHead(200, {
        'content-type': 'application/json;charset=UTF-8',
        'cache-control': `max-age=${maxAgeSeconds}`,
      })
      .end(body);
  });
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`;
  return {
    url,
    issuer: `${url}${ISSUER_PATH}`,
    jwksUri: `${url}${ISSUER_PATH}${KEYS_PATH}`,
    requests: () => requests,
    setFault(next) {
      fault = next;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return address.port;
}
