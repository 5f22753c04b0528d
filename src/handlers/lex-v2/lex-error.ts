import { GatewayError, isGatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';

/** The stream before, which was cut when the caller interrupted, is still being closed; nothing of this one was taken. */
const CONFLICT_DELAY_MS = 100;
const IDENTIFIER = /^[A-Za-z][\w.]{0,63}$/u;

/**
 * How long to wait before a stream that failed to open is opened again, in milliseconds; `undefined`: it must not be, for
 * the caller's input might count twice.
 */
export function retryDelayOf(error: unknown): number | undefined {
  // Whether anything was sent on a connection that failed, the SDK does not tell.
  return describe(error).vendorCode === 'ConflictException' ? CONFLICT_DELAY_MS : undefined;
}

/** An `ERR_HANDLER_FAILED` with the vendor's code in its detail, and nothing of the vendor's words. */
export function toLexError(error: unknown): GatewayError {
  if (isGatewayError(error)) return error;
  return new GatewayError('ERR_HANDLER_FAILED', 'Lex V2 failed', {
    detail: { ...describe(error) },
  });
}

interface Description {
  readonly vendorCode: string;
  readonly httpStatus?: number;
  readonly networkCode?: string;
}

function describe(error: unknown): Description {
  if (!(error instanceof Error)) return { vendorCode: 'unknown' };
  const metadata = '$metadata' in error && isRecord(error.$metadata) ? error.$metadata : {};
  const httpStatus = metadata['httpStatusCode'];
  const code = 'code' in error ? error.code : undefined;
  return {
    vendorCode: IDENTIFIER.test(error.name) ? error.name : 'unknown',
    ...(typeof httpStatus === 'number' && { httpStatus }),
    ...(typeof code === 'string' && IDENTIFIER.test(code) && { networkCode: code }),
  };
}
