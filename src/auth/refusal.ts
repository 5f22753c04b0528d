import { type ErrorCode, GatewayError } from '../core/gateway-error.ts';

/** What an operator reads of a refused credential, besides its code. Never a token, a subject or a nonce in clear. */
export interface RefusalDetail {
  /** The header field or claim that was wrong. */
  readonly claim?: string;
  /** What the configuration expects. */
  readonly expected?: string | readonly string[];
  /** What the token says. */
  readonly actual?: string;
}

/** Longest value of a claim that is written down. */
const MAX_VALUE_LENGTH = 200;

/** Makes the error of a refused credential. The message goes to the client and names no value. */
export function refusal(
  code: Extract<ErrorCode, `ERR_AUTH_${string}`>,
  message: string,
  detail: RefusalDetail = {},
): GatewayError {
  const actual = detail.actual?.slice(0, MAX_VALUE_LENGTH);
  return new GatewayError(code, message, {
    detail: { ...detail, ...(actual === undefined ? {} : { actual }) },
  });
}
