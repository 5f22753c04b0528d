import {
  KeyObject,
  constants,
  createHmac,
  generateKeyPairSync,
  sign as signWith,
} from 'node:crypto';

import { CLAIMS, type Changes, encode } from './claims.ts';
import { type SigningKey, signingKey } from './signing-keys.ts';

/** The key that `ISSUER` signs with, and the one of `OTHER_ISSUER`, which is somebody else's key too. */
export const [KEY, OTHER_KEY] = await Promise.all([
  signingKey('0b6c3f0e-6f7a-4b7e-9a55-6f1f6a3c1a01'),
  signingKey('0b6c3f0e-6f7a-4b7e-9a55-6f1f6a3c1a02'),
]);

/** The JOSE header of a right token, as Webex writes it. */
export const HEADER = { kid: KEY.keyId, typ: 'JWT', alg: 'RS256' } as const;

/** Signs the first two parts. */
export type Signer = (signed: string) => Buffer;

/** Two right parts of a token, changed or replaced; text and bytes stand as they are. */
export interface TokenRecipe {
  readonly header?: Changes | string | Uint8Array;
  readonly claims?: Changes | string | Uint8Array;
  /** Default: RS256 with {@link KEY}. */
  readonly signer?: Signer;
}

/** Makes a compact JWS: a right one, except for what the recipe changes. */
export function mint({ header = {}, claims = {}, signer = rs256() }: TokenRecipe = {}): string {
  return signParts(toPart(HEADER, header), toPart(CLAIMS, claims), signer);
}

/** Joins two encoded parts and signs them. */
export function signParts(head: string, body: string, signer: Signer = rs256()): string {
  return `${head}.${body}.${signer(`${head}.${body}`).toString('base64url')}`;
}

/** RSA PKCS #1 v1.5. */
export function rs256(key: SigningKey = KEY, hash = 'sha256'): Signer {
  const privateKey = KeyObject.from(key.privateKey);
  return (signed) => signWith(hash, Buffer.from(signed), privateKey);
}

/** RSA PSS. */
export function ps256(): Signer {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const privateKey = KeyObject.from(KEY.privateKey);
  return (signed) =>
    signWith('sha256', Buffer.from(signed), { key: privateKey, padding, saltLength: 32 });
}

/** HMAC with whatever the attacker takes for a secret. */
export function hmac(secret: string | Buffer, hash = 'sha256'): Signer {
  return (signed) => createHmac(hash, secret).update(signed).digest();
}

/** ECDSA on P-256 with a fresh key. */
export function es256(): Signer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return (signed) =>
    signWith('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

/** Ed25519 with a fresh key. */
export function ed25519(): Signer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return (signed) => signWith(null, Buffer.from(signed), privateKey);
}

/** No signature. */
export const unsigned: Signer = () => Buffer.alloc(0);

function toPart(right: Changes, part: Changes | string | Uint8Array): string {
  if (typeof part === 'string' || part instanceof Uint8Array) return encode(part);
  return encode(JSON.stringify({ ...right, ...part }));
}
