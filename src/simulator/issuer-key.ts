import {
  type JsonWebKey,
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  randomUUID,
} from 'node:crypto';
import { promisify } from 'node:util';

import { GatewayError } from '../core/gateway-error.ts';

/** The RSA key that a simulated identity broker signs with. */
export interface IssuerKey {
  /** The `kid` of tokens and of the entry in the key set. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** An entry of a key set, as Webex publishes it. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly e: string;
  readonly use: 'sig';
  readonly kid: string;
  readonly n: string;
  readonly alg: 'RS256';
}

const generate = promisify(generateKeyPair);

/**
 * Generates a key.
 *
 * @param options.keyId Default: a random UUID, as Webex uses.
 * @param options.modulusLength Bits of the RSA modulus; default 2048.
 */
export async function generateIssuerKey(
  options: { readonly keyId?: string; readonly modulusLength?: number } = {},
): Promise<IssuerKey> {
  const { privateKey } = await generate('rsa', { modulusLength: options.modulusLength ?? 2048 });
  return { keyId: options.keyId ?? randomUUID(), privateKey };
}

/**
 * Reads a private RSA key from the text of a file: PEM (PKCS #8 or PKCS #1) or JWK.
 *
 * @param keyId Default: the `kid` of the JWK, else the thumbprint, so that the same file always gives the same id.
 * @throws {GatewayError} `ERR_CONFIG_INVALID` when the text holds no private RSA key.
 * @see RFC 7638
 */
export function importIssuerKey(text: string, keyId?: string): IssuerKey {
  try {
    const jwk = text.trimStart().startsWith('{') ? toJwk(JSON.parse(text)) : undefined;
    const privateKey =
      jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk, format: 'jwk' });
    if (privateKey.asymmetricKeyType !== 'rsa') throw new Error('not RSA');
    const named = typeof jwk?.['kid'] === 'string' ? jwk['kid'] : undefined;
    return { keyId: keyId ?? named ?? thumbprintOf(privateKey), privateKey };
  } catch {
    // What the parser threw may quote the file, and the file is a secret: it is no cause to hand on.
    throw new GatewayError(
      'ERR_CONFIG_INVALID',
      'the issuer key is no private RSA key in PEM or JWK',
    );
  }
}

/** Writes the private key as the text of a file that {@link importIssuerKey} reads; only JWK carries the key id. */
export function exportIssuerKey({ keyId, privateKey }: IssuerKey, format: 'pem' | 'jwk'): string {
  if (format === 'pem') return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return `${JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256' })}\n`;
}

/** The public half, as an entry of a key set. */
export function publicJwkOf({ keyId, privateKey }: IssuerKey): PublicJwk {
  const { e, n } = publicParts(privateKey);
  return { kty: 'RSA', e, use: 'sig', kid: keyId, n, alg: 'RS256' };
}

function toJwk(value: unknown): JsonWebKey {
  if (typeof value !== 'object' || value === null) throw new Error('not a JWK');
  // Whether its members make a key is for createPrivateKey to say.
  return value as JsonWebKey;
}

function publicParts(privateKey: KeyObject): { readonly e: string; readonly n: string } {
  const { e, n } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (e === undefined || n === undefined) throw new TypeError('not an RSA key');
  return { e, n };
}

function thumbprintOf(privateKey: KeyObject): string {
  const { e, n } = publicParts(privateKey);
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
}
