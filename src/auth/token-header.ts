import { refusal } from './refusal.ts';
import type { TokenObject } from './token-parts.ts';

/** Longest key id that is looked up; Webex sends a UUID. */
const MAX_KEY_ID_LENGTH = 128;
const KEY_ID = /^[\w.:-]+$/u;

/**
 * Checks the JOSE header and takes out the key id. `jwk`, `jku`, `x5u` and `x5c` are ignored: a key comes from the issuer
 * or not at all (RFC 8725 sections 3.1, 3.2 and 3.10).
 *
 * @returns The `kid`.
 * @throws {GatewayError} `ERR_AUTH_ALGORITHM`, `ERR_AUTH_CRITICAL_HEADER`, `ERR_AUTH_KEY_ID`.
 */
export function checkTokenHeader(header: TokenObject): string {
  const { alg, crit, b64, kid } = header;
  if (alg !== 'RS256')
    throw refusal('ERR_AUTH_ALGORITHM', 'only RS256 is accepted', {
      claim: 'alg',
      expected: 'RS256',
      actual: typeof alg === 'string' ? alg : typeof alg,
    });
  if (crit !== undefined || b64 !== undefined)
    throw refusal('ERR_AUTH_CRITICAL_HEADER', 'critical header fields are not accepted');
  if (typeof kid !== 'string' || kid.length > MAX_KEY_ID_LENGTH || !KEY_ID.test(kid))
    throw refusal('ERR_AUTH_KEY_ID', 'the key id is missing or malformed', { claim: 'kid' });
  return kid;
}
