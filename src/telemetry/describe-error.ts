import { isGatewayError } from '../core/gateway-error.ts';
import type { LogFields } from '../core/logger.ts';

/** What a program calls its errors; a sentence or digits are neither name nor code. */
const IDENTIFIER = /^[A-Za-z]\w{0,63}$/u;

/**
 * Turns an error into fields that are safe to log.
 *
 * The message of a {@link GatewayError} is safe by contract. A foreign one may quote the caller, so only its name and its
 * code, where they are identifiers, and its stack frames are kept.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && isIdentifier(error.code) ? { code: error.code } : {};
  if (isGatewayError(error))
    return {
      error: error.message,
      ...code,
      ...error.detail,
      ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    };
  return {
    error: isIdentifier(error.name) ? error.name : 'Error',
    ...code,
    stack: framesOf(error),
  };
}

function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}

/** The frames behind the message; none when it was changed since, for a message can hold lines that look like frames. */
function framesOf({ stack = '', message }: Error): string | undefined {
  const messageAt = stack.indexOf(message);
  if (messageAt === -1) return undefined;
  return stack
    .slice(messageAt + message.length)
    .split('\n')
    .filter((line) => /^\s+at /u.test(line))
    .join('\n');
}
