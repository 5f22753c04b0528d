import { refusal } from './refusal.ts';

const BEARER = /^bearer +(\S+)$/iu;

/**
 * Takes the compact JWS out of the `authorization` header, which carries it bare or as `Bearer`.
 *
 * @param maxBytes Largest header that is looked at, in bytes.
 * @throws {GatewayError} `ERR_AUTH_MISSING`, `ERR_AUTH_TOO_LARGE`, `ERR_AUTH_SCHEME`.
 * @see protocol.md section 3.1
 */
export function extractToken(header: string | undefined, maxBytes: number): string {
  if (header === undefined || header === '')
    throw refusal('ERR_AUTH_MISSING', 'there is no credential');
  // A header is ASCII, or it is refused below: its length is its size.
  if (header.length > maxBytes) throw refusal('ERR_AUTH_TOO_LARGE', 'the credential is too large');
  const bearer = BEARER.exec(header)?.[1];
  if (bearer !== undefined) return bearer;
  if (/\s/u.test(header))
    throw refusal('ERR_AUTH_SCHEME', 'the credential must be a JWS, bare or as Bearer');
  return header;
}
