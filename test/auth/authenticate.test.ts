import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM } from '../../src/auth/claims.ts';
import type { TokenGeneration } from '../../src/auth/replay-guard.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import {
  AUDIENCE,
  CLAIMS,
  DATA_SOURCE_URL,
  FORKING_SCHEMA,
  ISSUER,
  ORGANISATION,
  OTHER_ISSUER,
  SUBJECT,
  TOKEN_ID,
  VOICE_SCHEMA,
  VOICE_SOURCE,
} from '../support/claims.ts';
import { HEADER, KEY, OTHER_KEY, es256, hmac, mint, rs256, unsigned } from '../support/tokens.ts';
import { createAuthRig, refusalOf } from './auth-rig.ts';

const TOKEN = mint();
const PRINCIPAL = {
  organisationId: ORGANISATION,
  issuer: ISSUER,
  audience: AUDIENCE,
  subject: SUBJECT,
  dataSourceUrl: DATA_SOURCE_URL,
  schemaId: VOICE_SCHEMA,
  tokenId: TOKEN_ID,
  expiresAtMs: CLAIMS.exp * 1000,
};

/** The code and the claim that a credential is refused for, by a fresh authenticator. */
async function reasonOf(header: string | undefined, schemaId = VOICE_SCHEMA): Promise<string> {
  const { authenticator } = createAuthRig();
  const { code, detail } = await refusalOf(authenticator, header, schemaId);
  return typeof detail['claim'] === 'string' ? `${code} ${detail['claim']}` : code;
}

describe('a credential that nobody has seen', () => {
  test('[check 14] is accepted bare, and says who calls', async () => {
    const { call } = createAuthRig();
    expect(await call(TOKEN)).toEqual(PRINCIPAL);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])(
    '[check 15] is accepted behind the scheme %s',
    async (scheme) => {
      const { call } = createAuthRig();
      expect(await call(`${scheme} ${TOKEN}`)).toEqual(PRINCIPAL);
    },
  );

  test('[check 13] is refused when it is missing', async () => {
    expect(await reasonOf(undefined)).toBe('ERR_AUTH_MISSING');
    expect(await reasonOf('')).toBe('ERR_AUTH_MISSING');
  });

  test('[check 16] is refused under another scheme', async () => {
    expect(await reasonOf('Basic dXNlcjpzZWNyZXQ=')).toBe('ERR_AUTH_SCHEME');
  });

  test('[check 17] is refused under any algorithm but RS256', async () => {
    const signers = { none: unsigned, HS256: hmac('secret'), RS384: rs256(), ES256: es256() };
    for (const [alg, signer] of Object.entries(signers))
      expect(await reasonOf(mint({ header: { alg }, signer }))).toBe('ERR_AUTH_ALGORITHM alg');
  });

  test('[check 18] is refused without a key id, or with one that the issuer does not publish, after one look', async () => {
    const { authenticator, keys } = createAuthRig();
    const without = await refusalOf(authenticator, mint({ header: { kid: undefined } }));
    expect(without.code).toBe('ERR_AUTH_KEY_ID');
    expect(keys.asked).toEqual([]);
    const unknown = await refusalOf(authenticator, mint({ header: { kid: 'unknown' } }));
    expect(unknown.code).toBe('ERR_AUTH_KEY_UNKNOWN');
    expect(keys.asked).toEqual([`${ISSUER} unknown`]);
  });

  test('[check 19] is refused before any key is looked for, when its issuer is not trusted', async () => {
    const { authenticator, keys } = createAuthRig();
    const { code } = await refusalOf(authenticator, mint({ claims: { iss: 'https://a.example' } }));
    expect(code).toBe('ERR_AUTH_ISSUER');
    expect(keys.asked).toEqual([]);
  });

  test.each([
    `${ISSUER}/`,
    `${ISSUER}.a.example`,
    ISSUER.replace('//', '//a@'),
    ISSUER.slice(0, -1),
  ])(
    '[check 20] is refused with the issuer %s, which only looks like a trusted one',
    async (iss) => {
      expect(await reasonOf(mint({ claims: { iss } }))).toBe('ERR_AUTH_ISSUER iss');
    },
  );

  test('[check 21] is accepted from each of the six known issuers that is configured', async () => {
    const issuers = ['', '-b-us', '-eu', '-ca', 'bts', 'bts-eu'].map(
      (cluster) => `https://idbroker${cluster}.webex.com/idb`,
    );
    const { call, keys } = createAuthRig({ issuers });
    for (const iss of issuers) {
      keys.publish(iss, KEY);
      expect(await call(mint({ claims: { iss } }))).toMatchObject({ issuer: iss });
    }
    expect(keys.asked).toEqual(issuers.map((iss) => `${iss} ${KEY.keyId}`));
  });

  test('[check 22] is refused when its payload or its signature was changed', async () => {
    const [head, body, signature] = TOKEN.split('.');
    const [, otherBody, otherSignature] = mint({ claims: { sub: 'somebody' } }).split('.');
    expect(await reasonOf(`${head}.${otherBody}.${signature}`)).toBe('ERR_AUTH_SIGNATURE');
    expect(await reasonOf(`${head}.${body}.${otherSignature}`)).toBe('ERR_AUTH_SIGNATURE');
    const forged = mint({ signer: rs256(OTHER_KEY) });
    expect(await reasonOf(forged)).toBe('ERR_AUTH_SIGNATURE');
  });

  test('is refused with the key of one issuer in the name of another', async () => {
    const { keyId } = OTHER_KEY;
    const own = mint({
      header: { kid: keyId },
      claims: { iss: OTHER_ISSUER },
      signer: rs256(OTHER_KEY),
    });
    const { call } = createAuthRig();
    expect(await call(own)).toMatchObject({ issuer: OTHER_ISSUER });
    const borrowed = mint({ header: { kid: keyId }, signer: rs256(OTHER_KEY) });
    expect(await reasonOf(borrowed)).toBe('ERR_AUTH_KEY_UNKNOWN');
  });

  test.each([
    ['[check 23] has no exp', { exp: undefined }, 'ERR_AUTH_MALFORMED exp'],
    ['[check 24] is for another audience', { aud: 'another' }, 'ERR_AUTH_AUDIENCE aud'],
    ['[check 25] is for another subject', { sub: 'another' }, 'ERR_AUTH_SUBJECT sub'],
    [
      '[check 26] is for the URL without its port',
      { [URL_CLAIM]: DATA_SOURCE_URL.replace(':443', '') },
      `ERR_AUTH_URL ${URL_CLAIM}`,
    ],
    [
      '[check 26] is for the URL with a slash',
      { [URL_CLAIM]: `${DATA_SOURCE_URL}/` },
      `ERR_AUTH_URL ${URL_CLAIM}`,
    ],
    [
      '[check 28] names no organisation',
      { [ORGANISATION_CLAIM]: undefined },
      `ERR_AUTH_MALFORMED ${ORGANISATION_CLAIM}`,
    ],
    [
      '[check 28] names an unknown organisation',
      { [ORGANISATION_CLAIM]: VOICE_SCHEMA },
      `ERR_AUTH_ORGANISATION ${ORGANISATION_CLAIM}`,
    ],
    ['[check 30] has no jti', { jti: undefined }, 'ERR_AUTH_TOKEN_ID jti'],
    ['[check 33] is an OAuth token', { token_type: 'Bearer' }, 'ERR_AUTH_TOKEN_TYPE'],
  ])('%s, and is refused', async (_title, claims, reason) => {
    expect(await reasonOf(mint({ claims }))).toBe(reason);
  });

  test('[check 24] is accepted when one of its audiences is ours', async () => {
    const { call } = createAuthRig();
    const token = mint({ claims: { aud: ['another', AUDIENCE] } });
    expect(await call(token)).toEqual(PRINCIPAL);
  });

  test('[check 27] for forking is refused by the voice service, and the other way round', async () => {
    const forking = mint({ claims: { [SCHEMA_CLAIM]: FORKING_SCHEMA } });
    expect(await reasonOf(forking)).toBe(`ERR_AUTH_SCHEMA ${SCHEMA_CLAIM}`);
    expect(await reasonOf(TOKEN, FORKING_SCHEMA)).toBe(`ERR_AUTH_SCHEMA ${SCHEMA_CLAIM}`);
    const { authenticator } = createAuthRig();
    await authenticator.authenticate(TOKEN, VOICE_SCHEMA);
    // Remembered for one service, it does not open the other.
    expect((await refusalOf(authenticator, TOKEN, FORKING_SCHEMA)).code).toBe('ERR_AUTH_SCHEMA');
    expect(authenticator.authenticate(TOKEN, VOICE_SCHEMA)).toEqual(PRINCIPAL);
  });

  test('[check 34] is refused with crit; keys it brings along are neither fetched nor used', async () => {
    expect(await reasonOf(mint({ header: { crit: ['exp'] } }))).toBe('ERR_AUTH_CRITICAL_HEADER');
    const brought = { jku: 'https://a.example/keys', x5u: 'https://a.example/cert', jwk: {} };
    const { call, keys } = createAuthRig();
    expect(await call(mint({ header: brought }))).toEqual(PRINCIPAL);
    expect(keys.asked).toEqual([`${ISSUER} ${KEY.keyId}`]);
  });

  test('[check 40] is refused by its size before it is looked at', async () => {
    const { authenticator, keys } = createAuthRig({ maxHeaderBytes: TOKEN.length - 1 });
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_TOO_LARGE');
    expect(await reasonOf('a'.repeat(8_193))).toBe('ERR_AUTH_TOO_LARGE');
    expect(keys.asked).toEqual([]);
  });

  test('is handed to the replay guard as a generation, by its hash and its identity', async () => {
    const admitted: TokenGeneration[] = [];
    const { call } = createAuthRig({ admit: (generation) => void admitted.push(generation) });
    await call(`Bearer ${TOKEN}`);
    await call(mint({ claims: { jti: 'renewed', exp: CLAIMS.exp + 60 } }));
    expect(admitted[0]).toEqual({
      identity: admitted[1]?.identity,
      tokenId: TOKEN_ID,
      tokenHash: createHash('sha256').update(TOKEN).digest('base64url'),
      issuedAtMs: CLAIMS.iat * 1000,
      expiresAtMs: CLAIMS.exp * 1000,
    });
  });

  test('[check 30] is refused when the replay guard does not know its nonce, and is not remembered', async () => {
    const admit = (): never => {
      throw new GatewayError('ERR_AUTH_TOKEN_ID', 'the token id is not a registered one');
    };
    const { authenticator, hits } = createAuthRig({ admit });
    for (let i = 0; i < 2; i++)
      expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_TOKEN_ID');
    expect(await hits()).toBe(0);
  });

  test('is an outage, and no refusal, when the keys cannot be had', async () => {
    const { authenticator, keys } = createAuthRig();
    keys.find = async () => {
      throw new GatewayError('ERR_AUTH_KEYS_UNAVAILABLE', 'the issuer cannot be reached');
    };
    const { code, detail } = await refusalOf(authenticator, TOKEN);
    expect(code).toBe('ERR_AUTH_KEYS_UNAVAILABLE');
    expect(detail['tokenHash']).toHaveLength(12);
  });
});

describe('a token that was verified before', () => {
  test('[check 31] passes 1,000 times in a row, synchronously, on one verification', async () => {
    const { call, keys, hits, counted } = createAuthRig();
    await call(TOKEN);
    for (let i = 0; i < 1_000; i++) expect(call(TOKEN)).toEqual(PRINCIPAL);
    expect(keys.asked).toHaveLength(1);
    expect(await hits()).toBe(1_000);
    expect(await counted('ok')).toBe(1_001);
  });

  test('[check 31] passes 50 times at once on one verification, nobody having seen it before', async () => {
    let admitted = 0;
    const { call, keys, counted } = createAuthRig({ admit: () => void admitted++ });
    const principals = await Promise.all(Array.from({ length: 50 }, async () => call(TOKEN)));
    expect(principals).toEqual(Array.from({ length: 50 }, () => PRINCIPAL));
    expect(keys.asked).toHaveLength(1);
    // Each is a use of its own for the replay guard.
    expect(admitted).toBe(50);
    expect(await counted('ok')).toBe(50);
  });

  test('is refused to all 50 that wait for one verification that fails, and tried anew by the next', async () => {
    const { call, authenticator, keys, counted } = createAuthRig();
    keys.withdraw(ISSUER, KEY.keyId);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, async () => call(TOKEN)));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(keys.asked).toHaveLength(1);
    expect(await counted('ERR_AUTH_KEY_UNKNOWN')).toBe(50);
    keys.publish(ISSUER, KEY);
    expect(await authenticator.authenticate(TOKEN, VOICE_SCHEMA)).toEqual(PRINCIPAL);
  });

  test('is refused at once when the key that signed it is withdrawn', async () => {
    const { call, authenticator, keys } = createAuthRig();
    await call(TOKEN);
    keys.withdraw(ISSUER, KEY.keyId);
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_KEY_UNKNOWN');
  });

  test('is verified anew when another key is published under the id of the one that signed it', async () => {
    const { call, authenticator, keys } = createAuthRig();
    await call(TOKEN);
    keys.publish(ISSUER, { ...OTHER_KEY, keyId: KEY.keyId });
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_SIGNATURE');
  });

  test('[check 28] is refused at once when its organisation leaves the data source', async () => {
    const { call, authenticator, dataSources } = createAuthRig();
    const principal = await call(TOKEN);
    expect(authenticator.isStillWelcome(principal)).toBe(true);
    dataSources.replace([{ ...VOICE_SOURCE, organisations: new Set() }]);
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_ORGANISATION');
    expect(authenticator.isStillWelcome(principal)).toBe(false);
  });

  test.each([
    ['organisation', { organisationId: ORGANISATION.toUpperCase() }],
    ['nonce', { tokenId: TOKEN_ID }],
  ] as const)('[check 28] is refused at once when its %s is revoked', async (_name, what) => {
    const { call, authenticator, dataSources } = createAuthRig();
    const principal = await call(TOKEN);
    dataSources.revoke(what);
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_REVOKED');
    expect(authenticator.isStillWelcome(principal)).toBe(false);
  });

  test('[check 23] passes until 30 s after its exp, and not one millisecond longer', async () => {
    const { call, authenticator, clock, keys } = createAuthRig();
    await call(TOKEN);
    clock.advance(CLAIMS.exp * 1000 + 29_999 - clock.now());
    expect(call(TOKEN)).toEqual(PRINCIPAL);
    clock.advance(1);
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_EXPIRED');
    expect(keys.asked).toHaveLength(2);
  });

  test('is refused as soon as the replay guard retires it, now or after a look into its store', async () => {
    const superseded = new GatewayError('ERR_AUTH_SUPERSEDED', 'a newer token is in use');
    const admissions: (() => void | Promise<void>)[] = [
      () => undefined,
      () => {
        throw superseded;
      },
      () => Promise.reject(superseded),
      () => Promise.resolve(),
    ];
    const { call, authenticator, counted } = createAuthRig({
      admit: () => admissions.shift()?.(),
    });
    await call(TOKEN);
    for (let i = 0; i < 2; i++) {
      const { code, detail } = await refusalOf(authenticator, TOKEN);
      expect(code).toBe('ERR_AUTH_SUPERSEDED');
      expect(detail['tokenHash']).toHaveLength(12);
    }
    expect(await call(TOKEN)).toEqual(PRINCIPAL);
    expect(await counted('ERR_AUTH_SUPERSEDED')).toBe(2);
    expect(await counted('ok')).toBe(2);
  });

  test('is forgotten when the memory is full, and verified anew', async () => {
    const { call, keys } = createAuthRig({ maxRemembered: 1 });
    await call(TOKEN);
    await call(mint({ claims: { jti: 'another' } }));
    expect(await call(TOKEN)).toEqual(PRINCIPAL);
    expect(keys.asked).toHaveLength(3);
  });
});

describe('a refusal', () => {
  test.each([
    ['audience', { aud: 'another-gateway' }, 'aud', [AUDIENCE], 'another-gateway'],
    [
      'URL',
      { [URL_CLAIM]: `${DATA_SOURCE_URL}/` },
      URL_CLAIM,
      [DATA_SOURCE_URL],
      `${DATA_SOURCE_URL}/`,
    ],
    ['schema', { [SCHEMA_CLAIM]: FORKING_SCHEMA }, SCHEMA_CLAIM, VOICE_SCHEMA, FORKING_SCHEMA],
  ])(
    '[check 43] tells the operator, and not the client, how the %s differs',
    async (_name, claims, claim, expected, actual) => {
      const { authenticator } = createAuthRig();
      const token = mint({ claims });
      const { message, detail } = await refusalOf(authenticator, token);
      const tokenHash = createHash('sha256').update(token).digest('base64url').slice(0, 12);
      const story = {
        issuer: ISSUER,
        organisation: ORGANISATION.toLowerCase(),
        schema: claim === SCHEMA_CLAIM ? actual : VOICE_SCHEMA,
      };
      expect(detail).toEqual({ claim, expected, actual, tokenHash, ...story });
      expect(message).not.toContain(actual);
    },
  );

  test('says which schemas a URL is registered for, when the service is right and the data source is missing', async () => {
    const { authenticator } = createAuthRig({ sources: [VOICE_SOURCE] });
    const forking = mint({ claims: { [SCHEMA_CLAIM]: FORKING_SCHEMA } });
    const { code, detail } = await refusalOf(authenticator, forking, FORKING_SCHEMA);
    expect(code).toBe('ERR_AUTH_SCHEMA');
    expect(detail).toMatchObject({ expected: [VOICE_SCHEMA], actual: FORKING_SCHEMA });
  });

  test('[check 43] names neither the subject nor the nonce, and no more than 200 characters of what a stranger sent', async () => {
    const { authenticator } = createAuthRig();
    const wrongSubject = mint({ claims: { sub: 'secret-subject', jti: 'secret-nonce' } });
    const { detail } = await refusalOf(authenticator, wrongSubject);
    expect(Object.keys(detail).sort()).toEqual([
      'claim',
      'issuer',
      'organisation',
      'schema',
      'tokenHash',
    ]);
    const longIssuer = mint({ claims: { iss: 'https://a.example/'.repeat(50) } });
    const { detail: issuerDetail } = await refusalOf(authenticator, longIssuer);
    expect(issuerDetail['actual']).toHaveLength(200);
  });

  test('is counted once, by its code', async () => {
    const { authenticator, counted } = createAuthRig();
    await refusalOf(authenticator, undefined);
    await refusalOf(authenticator, mint({ header: { ...HEADER, kid: 'unknown' } }));
    expect(await counted('ERR_AUTH_MISSING')).toBe(1);
    expect(await counted('ERR_AUTH_KEY_UNKNOWN')).toBe(1);
    expect(await counted('ok')).toBe(0);
  });
});
