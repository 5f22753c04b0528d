import { GatewayError, isGatewayError } from '../../core/gateway-error.ts';

/** The names of gRPC's status codes, by number. @see https://grpc.io/docs/guides/status-codes/ */
const STATUS_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** An `ERR_HANDLER_FAILED` with the vendor's status in its detail, and nothing of the vendor's words. */
export function toDialogflowError(error: unknown): GatewayError {
  if (isGatewayError(error)) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const vendorCode = (typeof code === 'number' ? STATUS_NAMES[code] : undefined) ?? 'unknown';
  return new GatewayError('ERR_HANDLER_FAILED', 'Dialogflow CX failed', { detail: { vendorCode } });
}
