import { GatewayError } from '../../core/gateway-error.ts';

/** Why an utterance could not be recognised. */
export const FAILURE_REASONS = [
  /** As many utterances as are allowed are under way. */
  'busy',
  /** The recogniser was closed. */
  'closed',
  /** No connection, no TLS, or not in time: `network`. */
  'connect',
  /** The server answered the handshake with an HTTP status: `httpStatus`. */
  'refused',
  /** The server said that it failed: `serverCode`, where it is a code. */
  'server',
  /** The connection ended before the final text: `closeCode`, `serverCode` or `network`. */
  'hung-up',
  /** What the server sent cannot be understood, or is too much. */
  'malformed',
  /** No final text in time. */
  'late',
] as const;

/** One of {@link FAILURE_REASONS}. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** A code such as `NET-0001`; anything freer could quote the caller. */
const SERVER_CODE = /^[A-Z]{2,8}-\d{4}\b/u;
/** What Node.js and its libraries call faults of the network and of certificates. */
const NETWORK_CODE = /^[A-Z][A-Z0-9_]{2,63}$/u;

/** An `ERR_SPEECH_FAILED` that holds codes and nothing that a server or a caller said. */
export function speechFailure(
  reason: FailureReason,
  codes: Readonly<Record<string, unknown>> = {},
): GatewayError {
  return new GatewayError('ERR_SPEECH_FAILED', `speech was not recognised: ${reason}`, {
    detail: { reason, ...codes },
  });
}

/** `serverCode`, when `said` begins with a code. */
export function serverCode(said: unknown): { readonly serverCode?: string } {
  const code = typeof said === 'string' ? SERVER_CODE.exec(said)?.[0] : undefined;
  return code === undefined ? {} : { serverCode: code };
}

/** `network`, when `error` carries a code of Node.js. */
export function networkCode(error: Error): { readonly network?: string } {
  return 'code' in error && typeof error.code === 'string' && NETWORK_CODE.test(error.code)
    ? { network: error.code }
    : {};
}
