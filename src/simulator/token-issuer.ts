import { type KeyObject, createHmac, randomUUID, sign } from 'node:crypto';

import { type Clock, systemClock } from '../core/clock.ts';
import { type IssuerKey, type PublicJwk, generateIssuerKey, publicJwkOf } from './issuer-key.ts';

/** What a data source was registered with, and for whom the token is. */
export interface TokenClaims {
  /** UUID of the customer's organisation. */
  readonly organisationId: string;
  readonly audience: string;
  readonly subject: string;
  /** The registered URL, character for character. */
  readonly url: string;
  /** UUID of the data-exchange schema. */
  readonly schemaId: string;
  /** The registered nonce; default: a random UUID. */
  readonly tokenId?: string;
  /** Default 3600. */
  readonly lifetimeSeconds?: number;
}

/** Ways to make a wrong token. A header or claim that is `undefined` here is left out. */
export interface TokenOverrides {
  /** Members of the header; `alg` also chooses how the token is signed: RS256/384/512, ES256, HS256 or none. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Another key to sign with: a private key, or a secret for HS256. */
  readonly key?: KeyObject | string;
  /** Changes a part after it was signed. */
  readonly tamper?: 'payload' | 'signature';
}

/** Mints the tokens of one simulated identity broker. */
export interface TokenIssuer {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** Makes a compact JWS as Webex does, unless told otherwise. */
  mint(claims: TokenClaims, overrides?: TokenOverrides): string;
  /** The published key set. */
  jwks(): { readonly keys: readonly PublicJwk[] };
  /** The key in use. */
  key(): IssuerKey;
  /** Signs with a new key from now on; the old one stays in the key set unless it is withdrawn. */
  rotate(options?: { readonly withdrawOld?: boolean; readonly keyId?: string }): Promise<void>;
}

/** What an issuer is made of. */
export interface TokenIssuerOptions {
  readonly issuer: string;
  /** An imported key; default: a fresh one. */
  readonly key?: IssuerKey;
  /** Id of a fresh key; default: a random UUID. */
  readonly keyId?: string;
  /** Bits of a fresh key; default 2048. */
  readonly modulusLength?: number;
  readonly clock?: Clock;
}

/** Old keys that stay published; a broker has two or three. */
const MAX_KEYS = 8;
const DEFAULT_LIFETIME_SECONDS = 3600;

/** Creates an identity broker that signs as Webex does. @see protocol.md section 3.2 */
export async function createTokenIssuer(options: TokenIssuerOptions): Promise<TokenIssuer> {
  const { issuer, clock = systemClock } = options;
  let current = options.key ?? (await generateIssuerKey(options));
  let published: readonly IssuerKey[] = [current];
  return {
    issuer,
    mint(claims, overrides = {}) {
      const nowSeconds = Math.floor(clock.now() / 1000);
      const header = { kid: current.keyId, typ: 'JWT', alg: 'RS256', ...overrides.header };
      const payload = {
        iss: issuer,
        aud: claims.audience,
        sub: claims.subject,
        jti: claims.tokenId ?? randomUUID(),
        iat: nowSeconds,
        exp: nowSeconds + (claims.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS),
        'com.cisco.datasource.url': claims.url,
        'com.cisco.datasource.schema.uuid': claims.schemaId,
        'com.cisco.org.uuid': claims.organisationId,
        ...overrides.claims,
      };
      return toCompactJws(header, payload, overrides.key ?? current.privateKey, overrides.tamper);
    },
    jwks: () => ({ keys: published.map(publicJwkOf) }),
    key: () => current,
    async rotate({ withdrawOld = false, keyId } = {}) {
      current = await generateIssuerKey({
        ...options,
        ...(keyId === undefined ? { keyId: randomUUID() } : { keyId }),
      });
      published = [current, ...(withdrawOld ? [] : published)].slice(0, MAX_KEYS);
    },
  };
}

function toCompactJws(
  header: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
  key: KeyObject | string,
  tamper: TokenOverrides['tamper'],
): string {
  const head = encodePart(header);
  const body = encodePart(payload);
  const signature = signatureOf(`${head}.${body}`, header['alg'], key);
  if (tamper === 'payload')
    return `${head}.${encodePart({ ...payload, tampered: true })}.${signature}`;
  if (tamper === 'signature') return `${head}.${body}.${flipFirst(signature)}`;
  return `${head}.${body}.${signature}`;
}

function signatureOf(text: string, algorithm: unknown, key: KeyObject | string): string {
  if (algorithm === 'none') return '';
  if (typeof key === 'string') return createHmac('sha256', key).update(text).digest('base64url');
  const bits = typeof algorithm === 'string' ? algorithm.slice(2) : '';
  const hash = bits === '384' || bits === '512' ? `sha${bits}` : 'sha256';
  return sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

function encodePart(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function flipFirst(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
}
