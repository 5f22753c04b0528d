import { createHmac } from 'node:crypto';

/** Header with the time of signing, in whole seconds since the epoch. */
const TIMESTAMP_HEADER = 'x-byova-timestamp';
/** Header with the signature. */
const SIGNATURE_HEADER = 'x-byova-signature';

/**
 * Signs a request: HMAC-SHA-256 over the timestamp, a full stop and the raw body, in hexadecimal behind `v1=`.
 *
 * The timestamp is signed with the body so that a recorded request cannot be sent again later under a new time.
 */
export function signBody(
  secret: string,
  body: string,
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: `v1=${signature}` };
}
