import { type CryptoKey, calculateJwkThumbprint, importJWK } from 'jose';

import { isRecord } from '../core/json.ts';

const MAX_KEY_ID_LENGTH = 256;
/** RFC 7518 section 3.3 wants 2048 bits or more. */
const MIN_MODULUS_BITS = 2_048;
/** Beyond it a single verification costs milliseconds. */
const MAX_MODULUS_BITS = 8_192;
const MAX_EXPONENT_BYTES = 4;

/** The parts of a public key that are kept; the names are those of RFC 7518 section 6.3.1. */
export interface RsaPublicJwk {
  readonly kty: 'RSA';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** A key that may verify RS256 signatures. */
export interface ImportedKey {
  readonly keyId: string;
  readonly key: CryptoKey;
  readonly jwk: RsaPublicJwk;
  /** The same for the same material. @see RFC 7638 */
  readonly thumbprint: string;
}

/**
 * Turns the entries of a JWK set into keys that may verify RS256 signatures, and leaves the others out.
 *
 * Taken are RSA keys of 2048 to 8192 bits, with a `kid`, that are not reserved for another use, algorithm or operation.
 * Fields that are not known are harmless, and private ones are not looked at. Of several usable entries with one `kid`
 * the first is taken: all of them come from the same issuer, so none is trusted more, and the choice does not depend on
 * what else the set holds.
 *
 * @returns In the order of `entries`, each `keyId` once.
 * @see RFC 7517 section 4, RFC 8725 section 3.5
 */
export async function importKeys(entries: readonly unknown[]): Promise<readonly ImportedKey[]> {
  const imported = await Promise.all(entries.map(importKey));
  const byId = new Map<string, ImportedKey>();
  for (const key of imported)
    if (key !== undefined && !byId.has(key.keyId)) byId.set(key.keyId, key);
  return [...byId.values()];
}

async function importKey(entry: unknown): Promise<ImportedKey | undefined> {
  const jwk = toRsaPublicJwk(entry);
  if (jwk === undefined) return undefined;
  const { kty, n, e } = jwk;
  try {
    const key = await importJWK({ kty, n, e }, 'RS256');
    if (key instanceof Uint8Array) return undefined;
    return { keyId: jwk.kid, key, jwk, thumbprint: await calculateJwkThumbprint({ kty, n, e }) };
  } catch {
    // What looked like a key is none to the platform; the rest of the set is not its fault.
    return undefined;
  }
}

function toRsaPublicJwk(entry: unknown): RsaPublicJwk | undefined {
  if (!isRecord(entry)) return undefined;
  const { kty, kid, n, e, use, alg, key_ops: operations } = entry;
  const isForRs256 =
    kty === 'RSA' &&
    (use === undefined || use === 'sig') &&
    (alg === undefined || alg === 'RS256') &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify')));
  if (!isForRs256 || typeof kid !== 'string' || typeof n !== 'string' || typeof e !== 'string')
    return undefined;
  if (kid === '' || kid.length > MAX_KEY_ID_LENGTH) return undefined;
  return isSaneModulus(n) && isSaneExponent(e) ? { kty, kid, n, e } : undefined;
}

function isSaneModulus(n: string): boolean {
  const bytes = toUnsigned(n, MAX_MODULUS_BITS / 8);
  const first = bytes?.[0];
  if (bytes === undefined || first === undefined) return false;
  const bits = (bytes.length - 1) * 8 + (32 - Math.clz32(first));
  return bits >= MIN_MODULUS_BITS && bits <= MAX_MODULUS_BITS && isOdd(bytes);
}

/** Odd and 3 or more: with the exponent 1 every message is its own signature. */
function isSaneExponent(e: string): boolean {
  const bytes = toUnsigned(e, MAX_EXPONENT_BYTES);
  return bytes !== undefined && isOdd(bytes) && !(bytes.length === 1 && bytes[0] === 1);
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1;
}

/** The bytes of a base64url number without leading zeros; `undefined` when it is none or longer. */
function toUnsigned(text: string, maxBytes: number): Uint8Array | undefined {
  // A few characters of slack for leading zeros, which some publishers write.
  if (!/^[\w-]+$/u.test(text) || text.length > Math.ceil((maxBytes * 4) / 3) + 8) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const start = bytes.findIndex((byte) => byte !== 0);
  const number = start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
  return number.length > maxBytes ? undefined : number;
}
