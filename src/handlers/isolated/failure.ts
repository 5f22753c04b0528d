import { GatewayError, isGatewayError } from '../../core/gateway-error.ts';
import { describeError } from '../../telemetry/describe-error.ts';
import type { Failure } from './worker-message.ts';

/** Makes an error ready to cross: a foreign message may quote the caller and stays behind. */
export function toFailure(error: unknown): Failure {
  if (isGatewayError(error)) {
    const { error: message, code: _, ...detail } = describeError(error);
    return { code: error.code, message: String(message), detail: toPlain(detail) };
  }
  return {
    code: 'ERR_HANDLER_FAILED',
    message: 'the bot failed',
    detail: toPlain(describeError(error)),
  };
}

/** What is thrown on the other side; its detail reads in the log like the error itself. */
export function toError({ code, message, detail }: Failure): GatewayError {
  return new GatewayError(code, message, { detail });
}

/** Without what a message between threads cannot hold. */
function toPlain(detail: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(detail)) as Readonly<Record<string, unknown>>;
}
