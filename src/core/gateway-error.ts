/**
 * Every error code of the gateway. Logs, metrics and tests key on these, never on messages.
 *
 * The order is the path of a call: transport, auth, protocol, conversation, handler, then the rooms around it.
 */
export const ERROR_CODES = [
  'ERR_TRANSPORT_DRAINING',
  'ERR_TRANSPORT_FIRST_MESSAGE_TIMEOUT',
  'ERR_TRANSPORT_SLOW_READER',
  'ERR_TRANSPORT_MESSAGE_SIZE',
  'ERR_TRANSPORT_CLIENT_NAME',
  'ERR_TRANSPORT_PEER',
  'ERR_TRANSPORT_TLS',
  'ERR_AUTH_MISSING',
  'ERR_AUTH_SCHEME',
  'ERR_AUTH_TOO_LARGE',
  'ERR_AUTH_MALFORMED',
  'ERR_AUTH_ALGORITHM',
  'ERR_AUTH_CRITICAL_HEADER',
  'ERR_AUTH_KEY_ID',
  'ERR_AUTH_ISSUER',
  'ERR_AUTH_KEY_UNKNOWN',
  'ERR_AUTH_KEYS_UNAVAILABLE',
  'ERR_AUTH_SIGNATURE',
  'ERR_AUTH_TOKEN_TYPE',
  'ERR_AUTH_EXPIRED',
  'ERR_AUTH_NOT_YET_VALID',
  'ERR_AUTH_AUDIENCE',
  'ERR_AUTH_SUBJECT',
  'ERR_AUTH_URL',
  'ERR_AUTH_SCHEMA',
  'ERR_AUTH_ORGANISATION',
  'ERR_AUTH_TOKEN_ID',
  'ERR_AUTH_SUPERSEDED',
  'ERR_AUTH_TOKEN_ID_REUSED',
  'ERR_AUTH_REVOKED',
  'ERR_AUTH_RATE_LIMITED',
  'ERR_AUTH_REPLAY_STORE_UNAVAILABLE',
  'ERR_PROTOCOL_INPUT_MISSING',
  'ERR_PROTOCOL_AUDIO_FORMAT',
  'ERR_CONVERSATION_ID_MISSING',
  'ERR_CONVERSATION_ID_CHANGED',
  'ERR_CONVERSATION_ORGANISATION',
  'ERR_CONVERSATION_AGENT_UNKNOWN',
  'ERR_CONVERSATION_AGENT_CHANGED',
  'ERR_CONVERSATION_NOT_STARTED',
  'ERR_CONVERSATION_CAPACITY',
  'ERR_CONVERSATION_ELSEWHERE',
  'ERR_CONVERSATION_OWNER_LOST',
  'ERR_HANDLER_FAILED',
  'ERR_HANDLER_TIMEOUT',
  'ERR_HANDLER_OUTPUT',
  'ERR_HANDLER_LOAD',
  'ERR_HANDLER_UNAVAILABLE',
  'ERR_HANDLER_BUSY',
  'ERR_HANDLER_CRASHED',
  'ERR_SPEECH_FAILED',
  'ERR_AUDIO_WAV',
  'ERR_STORE_UNAVAILABLE',
  'ERR_CONFIG_INVALID',
  'ERR_SIMULATOR_CONTRACT',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * A failure that the gateway foresaw.
 *
 * The message is safe to log and, except for `INTERNAL`, safe to send: it never holds a token, a claim value,
 * audio, digits or text of the caller. What a third party threw goes into `cause`.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** What an operator may read in the log and a peer may not, such as which claim differed and how. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly detail?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

/** Tells whether `error` is a {@link GatewayError}, optionally with the given code. */
export function isGatewayError(error: unknown, code?: ErrorCode): error is GatewayError {
  return error instanceof GatewayError && (code === undefined || error.code === code);
}
