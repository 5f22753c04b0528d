import {
  type Metadata,
  type ServiceError,
  status as Status,
  type StatusObject,
} from '@grpc/grpc-js';

import { type ErrorCode, isGatewayError } from '../core/gateway-error.ts';

/** The one place where an error code becomes a gRPC status; a new code does not compile without one. */
export const STATUS_OF = {
  ERR_TRANSPORT_DRAINING: Status.UNAVAILABLE,
  ERR_TRANSPORT_FIRST_MESSAGE_TIMEOUT: Status.DEADLINE_EXCEEDED,
  ERR_TRANSPORT_SLOW_READER: Status.RESOURCE_EXHAUSTED,
  ERR_TRANSPORT_CLIENT_NAME: Status.UNAUTHENTICATED,
  ERR_TRANSPORT_PEER: Status.UNAUTHENTICATED,
  ERR_TRANSPORT_TLS: Status.INTERNAL,
  ERR_AUTH_MISSING: Status.UNAUTHENTICATED,
  ERR_AUTH_SCHEME: Status.UNAUTHENTICATED,
  ERR_AUTH_TOO_LARGE: Status.UNAUTHENTICATED,
  ERR_AUTH_MALFORMED: Status.UNAUTHENTICATED,
  ERR_AUTH_ALGORITHM: Status.UNAUTHENTICATED,
  ERR_AUTH_CRITICAL_HEADER: Status.UNAUTHENTICATED,
  ERR_AUTH_KEY_ID: Status.UNAUTHENTICATED,
  ERR_AUTH_ISSUER: Status.UNAUTHENTICATED,
  ERR_AUTH_KEY_UNKNOWN: Status.UNAUTHENTICATED,
  ERR_AUTH_KEYS_UNAVAILABLE: Status.UNAVAILABLE,
  ERR_AUTH_SIGNATURE: Status.UNAUTHENTICATED,
  ERR_AUTH_TOKEN_TYPE: Status.UNAUTHENTICATED,
  ERR_AUTH_EXPIRED: Status.UNAUTHENTICATED,
  ERR_AUTH_NOT_YET_VALID: Status.UNAUTHENTICATED,
  ERR_AUTH_AUDIENCE: Status.UNAUTHENTICATED,
  ERR_AUTH_SUBJECT: Status.UNAUTHENTICATED,
  ERR_AUTH_URL: Status.UNAUTHENTICATED,
  ERR_AUTH_SCHEMA: Status.UNAUTHENTICATED,
  ERR_AUTH_ORGANISATION: Status.PERMISSION_DENIED,
  ERR_AUTH_TOKEN_ID: Status.UNAUTHENTICATED,
  ERR_AUTH_SUPERSEDED: Status.UNAUTHENTICATED,
  ERR_AUTH_TOKEN_ID_REUSED: Status.UNAUTHENTICATED,
  ERR_AUTH_REVOKED: Status.PERMISSION_DENIED,
  ERR_AUTH_RATE_LIMITED: Status.RESOURCE_EXHAUSTED,
  ERR_AUTH_REPLAY_STORE_UNAVAILABLE: Status.UNAVAILABLE,
  ERR_PROTOCOL_INPUT_MISSING: Status.INVALID_ARGUMENT,
  ERR_PROTOCOL_AUDIO_FORMAT: Status.INVALID_ARGUMENT,
  ERR_CONVERSATION_ID_MISSING: Status.INVALID_ARGUMENT,
  ERR_CONVERSATION_ID_CHANGED: Status.INVALID_ARGUMENT,
  ERR_CONVERSATION_ORGANISATION: Status.PERMISSION_DENIED,
  ERR_CONVERSATION_AGENT_UNKNOWN: Status.NOT_FOUND,
  ERR_CONVERSATION_AGENT_CHANGED: Status.INVALID_ARGUMENT,
  ERR_CONVERSATION_NOT_STARTED: Status.FAILED_PRECONDITION,
  ERR_CONVERSATION_CAPACITY: Status.RESOURCE_EXHAUSTED,
  ERR_CONVERSATION_ELSEWHERE: Status.UNAVAILABLE,
  ERR_CONVERSATION_OWNER_LOST: Status.UNAVAILABLE,
  ERR_HANDLER_FAILED: Status.INTERNAL,
  ERR_HANDLER_TIMEOUT: Status.INTERNAL,
  ERR_HANDLER_OUTPUT: Status.INTERNAL,
  ERR_HANDLER_LOAD: Status.INTERNAL,
  ERR_HANDLER_UNAVAILABLE: Status.UNAVAILABLE,
  ERR_HANDLER_BUSY: Status.RESOURCE_EXHAUSTED,
  ERR_HANDLER_CRASHED: Status.INTERNAL,
  ERR_SPEECH_FAILED: Status.INTERNAL,
  ERR_AUDIO_WAV: Status.INTERNAL,
  ERR_STORE_UNAVAILABLE: Status.UNAVAILABLE,
  ERR_CONFIG_INVALID: Status.INTERNAL,
  ERR_SIMULATOR_CONTRACT: Status.INTERNAL,
} as const satisfies Record<ErrorCode, Status>;

/**
 * Turns an error into what the client is told: the code, which is stable, and nothing else. What the message adds is
 * for the operator; an error that nobody foresaw goes out as INTERNAL with no text of its own.
 */
export function toStatus(error: unknown): Pick<StatusObject, 'code' | 'details'> {
  if (!isGatewayError(error)) return { code: Status.INTERNAL, details: 'internal error' };
  const code = STATUS_OF[error.code];
  return {
    code,
    details: code === Status.INTERNAL ? 'internal error' : `${error.code}: ${error.message}`,
  };
}

/** The same, in the form that grpc-js takes from a handler. */
export function toServiceError(
  error: unknown,
  trailers?: Metadata,
): Pick<ServiceError, 'code' | 'details' | 'name' | 'message'> & { readonly metadata?: Metadata } {
  const { code, details } = toStatus(error);
  return {
    name: 'Error',
    message: details,
    code,
    details,
    ...(trailers !== undefined && { metadata: trailers }),
  };
}
