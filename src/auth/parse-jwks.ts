import { isRecord } from '../core/json.ts';

/** Webex publishes a handful of keys; a set of hundreds is a fault or an attack on our CPU. */
export const MAX_JWKS_KEYS = 100;

/**
 * Reads the text of a JWK set, and looks into none of its entries.
 *
 * @returns `undefined` when it is not UTF-8, not JSON, not an object with a list `keys`, or a list of more than
 *   {@link MAX_JWKS_KEYS}.
 * @see RFC 7517 section 5
 */
export function parseJwks(bytes: Uint8Array): readonly unknown[] | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const keys = isRecord(body) ? body['keys'] : undefined;
    return Array.isArray(keys) && keys.length <= MAX_JWKS_KEYS ? keys : undefined;
  } catch {
    return undefined;
  }
}
