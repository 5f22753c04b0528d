import {
  type KeyObject,
  constants,
  createHmac,
  generateKeyPairSync,
  sign as signWith,
} from 'node:crypto';

import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from '../../src/auth/claims.ts';
import { generateIssuerKey } from '../../src/simulator/issuer-key.ts';

/** What the gateway of the tests trusts, and what a token for it says. */
export const ISSUER = 'https://idbroker.webex.com/idb';
export const OTHER_ISSUER = 'https://idbroker-eu.webex.com/idb';
export const AUDIENCE = 'contact-centre-gateway';
export const SUBJECT = 'callers-of-the-shop';
export const DATA_SOURCE_URL = 'https://bots.shop.example:443/webex';
export const VOICE_SCHEMA = '5397013b-7920-4ffc-807c-e8a3e0a18f43';
export const FORKING_SCHEMA = '523e1b7f-4693-47bc-b84e-a7b7a505fb0b';
export const ORGANISATION = '11111111-2222-3333-4444-555555555555';
export const TOKEN_ID = 'nonce-of-the-registration';
/** Where a fake clock starts. */
export const NOW_MS = 1_700_000_000_000;
export const NOW_SECONDS = NOW_MS / 1000;

/** The key that {@link ISSUER} signs with, and the one of {@link OTHER_ISSUER}, which is somebody else's key too. */
export const [KEY, OTHER_KEY] = await Promise.all([
  generateIssuerKey({ keyId: '0b6c3f0e-6f7a-4b7e-9a55-6f1f6a3c1a01' }),
  generateIssuerKey({ keyId: '0b6c3f0e-6f7a-4b7e-9a55-6f1f6a3c1a02' }),
]);

/** The JOSE header of a right token, as Webex writes it. */
export const HEADER = { kid: KEY.keyId, typ: 'JWT', alg: 'RS256' } as const;

/** The claims of a right token. */
export const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: SUBJECT,
  jti: TOKEN_ID,
  iat: NOW_SECONDS - 60,
  exp: NOW_SECONDS + 3_540,
  [URL_CLAIM]: DATA_SOURCE_URL,
  [SCHEMA_CLAIM]: VOICE_SCHEMA,
  [ORGANISATION_CLAIM]: ORGANISATION,
} as const;

/** Members that replace or join those of a right token; `undefined` takes one out. */
export type Changes = Readonly<Record<string, unknown>>;

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

/** Encodes a part as a compact JWS has it. */
export function encode(part: string | Uint8Array): string {
  return Buffer.from(part).toString('base64url');
}

/** The JSON of the right claims with raw text behind the last member, such as `"iss":"again"`. */
export function claimsWith(rawMember: string): string {
  return `${JSON.stringify(CLAIMS).slice(0, -1)},${rawMember}}`;
}

/** RSA PKCS #1 v1.5. */
export function rs256(privateKey: KeyObject = KEY.privateKey, hash = 'sha256'): Signer {
  return (signed) => signWith(hash, Buffer.from(signed), privateKey);
}

/** RSA PSS. */
export function ps256(privateKey: KeyObject = KEY.privateKey): Signer {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
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
