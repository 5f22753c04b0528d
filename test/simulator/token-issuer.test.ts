import { createHmac, createPublicKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  type IssuerKey,
  exportIssuerKey,
  generateIssuerKey,
  importIssuerKey,
  publicJwkOf,
} from '../../src/simulator/issuer-key.ts';
import {
  type TokenClaims,
  type TokenIssuer,
  createTokenIssuer,
} from '../../src/simulator/token-issuer.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const CLAIMS: TokenClaims = {
  organisationId: 'org',
  audience: 'aud',
  subject: 'sub',
  url: 'https://voice.example.com:443',
  schemaId: '5397013b-7920-4ffc-807c-e8a3e0a18f43',
  tokenId: 'nonce',
};
const ISSUER = 'https://idbroker.webex.com/idb';
let issuer: TokenIssuer;

beforeAll(async () => {
  issuer = await createTokenIssuer({
    issuer: ISSUER,
    key: { ...(await generateIssuerKey()), keyId: 'k1' },
    clock: createFakeClock(1_700_000_000_500),
  });
});

function parts(token: string): {
  header: unknown;
  payload: unknown;
  signed: string;
  signature: Buffer;
} {
  const [head = '', body = '', signature = ''] = token.split('.');
  const decode = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
  return {
    header: decode(head),
    payload: decode(body),
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Whether a key of the published set verifies the token. */
function isVerified(token: string, { jwks }: Pick<TokenIssuer, 'jwks'>, kid?: string): boolean {
  const { signed, signature } = parts(token);
  return jwks()
    .keys.filter((key) => kid === undefined || key.kid === kid)
    .some((jwk) =>
      verify(
        'sha256',
        Buffer.from(signed),
        createPublicKey({ key: { ...jwk }, format: 'jwk' }),
        signature,
      ),
    );
}

describe('a token', () => {
  test('has the header and the claims of Webex, and verifies against the published key', () => {
    const token = issuer.mint(CLAIMS);
    expect(parts(token)).toMatchObject({
      header: { kid: 'k1', typ: 'JWT', alg: 'RS256' },
      payload: {
        iss: ISSUER,
        aud: 'aud',
        sub: 'sub',
        jti: 'nonce',
        iat: 1_700_000_000,
        exp: 1_700_003_600,
        'com.cisco.datasource.url': 'https://voice.example.com:443',
        'com.cisco.datasource.schema.uuid': '5397013b-7920-4ffc-807c-e8a3e0a18f43',
        'com.cisco.org.uuid': 'org',
      },
    });
    expect(isVerified(token, issuer, 'k1')).toBe(true);
  });

  test('can lack or bend any header and claim', () => {
    const token = issuer.mint(CLAIMS, {
      header: { kid: undefined, crit: ['x'] },
      claims: { jti: undefined, aud: ['a', 'b'] },
    });
    const { header, payload } = parts(token);
    expect(header).toEqual({ typ: 'JWT', alg: 'RS256', crit: ['x'] });
    expect(payload).not.toHaveProperty('jti');
    expect(payload).toHaveProperty('aud', ['a', 'b']);
    expect(isVerified(token, issuer)).toBe(true);
  });

  test('can be tampered with after signing', () => {
    expect(isVerified(issuer.mint(CLAIMS, { tamper: 'payload' }), issuer)).toBe(false);
    expect(isVerified(issuer.mint(CLAIMS, { tamper: 'signature' }), issuer)).toBe(false);
  });

  test('can be unsigned, or signed with a secret or with a key of somebody else', async () => {
    expect(parts(issuer.mint(CLAIMS, { header: { alg: 'none' } })).signature).toHaveLength(0);
    const symmetric = parts(issuer.mint(CLAIMS, { header: { alg: 'HS256' }, key: 'secret' }));
    expect(symmetric.signature).toEqual(
      createHmac('sha256', 'secret').update(symmetric.signed).digest(),
    );
    const other = await generateIssuerKey();
    expect(isVerified(issuer.mint(CLAIMS, { key: other.privateKey }), issuer)).toBe(false);
    const { signed, signature } = parts(issuer.mint(CLAIMS, { header: { alg: 'RS384' } }));
    const [jwk] = issuer.jwks().keys;
    expect(
      verify(
        'sha384',
        Buffer.from(signed),
        createPublicKey({ key: { ...jwk }, format: 'jwk' }),
        signature,
      ),
    ).toBe(true);
  });
});

describe('rotation', () => {
  test('signs with a new key and keeps the old one published until it is withdrawn', async () => {
    const rotating = await createTokenIssuer({ issuer: ISSUER, keyId: 'first' });
    const old = rotating.mint(CLAIMS);
    await rotating.rotate({ keyId: 'second' });
    expect(rotating.jwks().keys.map(({ kid }) => kid)).toEqual(['second', 'first']);
    expect(isVerified(old, rotating)).toBe(true);
    expect(isVerified(rotating.mint(CLAIMS), rotating, 'second')).toBe(true);
    await rotating.rotate({ withdrawOld: true });
    expect(rotating.jwks().keys).toHaveLength(1);
    expect(isVerified(old, rotating)).toBe(false);
  });
});

describe('a key file', () => {
  let key: IssuerKey;
  beforeAll(async () => {
    key = await generateIssuerKey({ keyId: 'mine' });
  });

  test('in JWK keeps the key and its id', () => {
    expect(publicJwkOf(importIssuerKey(exportIssuerKey(key, 'jwk')))).toEqual(publicJwkOf(key));
  });

  test('in PEM keeps the key, and its id is the same at each import unless it is given', () => {
    const pem = exportIssuerKey(key, 'pem');
    const [first, second] = [importIssuerKey(pem), importIssuerKey(pem)];
    expect(publicJwkOf(first)).toEqual(publicJwkOf(second));
    expect(publicJwkOf(importIssuerKey(pem, 'mine'))).toEqual(publicJwkOf(key));
  });

  test.each(['', 'nonsense', '{"kty":"RSA"}', '{', '[]'])('%j is refused', (text) => {
    expect(() => importIssuerKey(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    );
  });

  test('published keys hold nothing private', () => {
    expect(Object.keys(publicJwkOf(key)).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});
