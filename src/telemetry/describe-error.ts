import { isGatewayError } from '../core/gateway-error.ts';
import type { LogFields } from '../core/logger.ts';

/**
 * Turns an error into fields that are safe to log.
 *
 * The message of a {@link GatewayError} is safe by contract. A foreign one may quote the caller, so only its name, its
 * code and its stack frames are kept.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /u.test(line));
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  if (isGatewayError(error))
    return {
      error: error.message,
      ...code,
      ...error.detail,
      ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    };
  return { error: error.name, ...code, stack: frames?.join('\n') };
}
