import { describe, expect, test } from 'vitest';

import { ORGANISATION_CLAIM, SCHEMA_CLAIM, URL_CLAIM, checkClaims } from '../../src/auth/claims.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import {
  AUDIENCE,
  CLAIMS,
  type Changes,
  DATA_SOURCE_URL,
  ISSUER,
  NOW_MS,
  NOW_SECONDS,
  ORGANISATION,
  SUBJECT,
  TOKEN_ID,
  VOICE_SCHEMA,
} from '../support/claims.ts';

const SKEW_MS = 30_000;

function reasonOf(changes: Changes): string | undefined {
  try {
    checkClaims({ ...CLAIMS, ...changes }, NOW_MS, SKEW_MS);
  } catch (error) {
    return isGatewayError(error) ? `${error.code} ${String(error.detail['claim'])}` : 'not ours';
  }
  return undefined;
}

describe('the claims of a token', () => {
  test('are taken over with their types, times in milliseconds and UUIDs in lower case', () => {
    const upper = {
      [SCHEMA_CLAIM]: VOICE_SCHEMA.toUpperCase(),
      [ORGANISATION_CLAIM]: ORGANISATION.toUpperCase(),
    };
    expect(checkClaims({ ...CLAIMS, ...upper }, NOW_MS, SKEW_MS)).toEqual({
      issuer: ISSUER,
      audiences: [AUDIENCE],
      subject: SUBJECT,
      tokenId: TOKEN_ID,
      issuedAtMs: CLAIMS.iat * 1000,
      expiresAtMs: CLAIMS.exp * 1000,
      dataSourceUrl: DATA_SOURCE_URL,
      schemaId: VOICE_SCHEMA,
      organisationId: ORGANISATION,
    });
  });

  test.each([
    ['aud', 'ERR_AUTH_AUDIENCE'],
    ['sub', 'ERR_AUTH_SUBJECT'],
    ['jti', 'ERR_AUTH_TOKEN_ID'],
    ['iat', 'ERR_AUTH_MALFORMED'],
    ['exp', 'ERR_AUTH_MALFORMED'],
    [URL_CLAIM, 'ERR_AUTH_URL'],
    [SCHEMA_CLAIM, 'ERR_AUTH_SCHEMA'],
    [ORGANISATION_CLAIM, 'ERR_AUTH_MALFORMED'],
  ])('[check 28] [check 30] must hold %s, of the right type', (claim, code) => {
    for (const value of [undefined, null, true, {}, [], [['x']], ''])
      expect(reasonOf({ [claim]: value })).toBe(`${code} ${claim}`);
  });

  test.each([
    [{ exp: NOW_SECONDS - 29 }, undefined],
    [{ exp: NOW_SECONDS - 29.999 }, undefined],
    [{ exp: NOW_SECONDS - 30 }, 'ERR_AUTH_EXPIRED exp'],
    [{ iat: NOW_SECONDS + 30 }, undefined],
    [{ iat: NOW_SECONDS + 31 }, 'ERR_AUTH_NOT_YET_VALID iat'],
    [{ nbf: NOW_SECONDS + 30 }, undefined],
    [{ nbf: NOW_SECONDS + 31 }, 'ERR_AUTH_NOT_YET_VALID nbf'],
    [{ nbf: '0' }, 'ERR_AUTH_MALFORMED nbf'],
    [{ exp: 253_402_300_799 }, undefined],
    [{ exp: 253_402_300_800 }, 'ERR_AUTH_MALFORMED exp'],
    [{ exp: Infinity }, 'ERR_AUTH_MALFORMED exp'],
    [{ exp: NaN }, 'ERR_AUTH_MALFORMED exp'],
  ])('[check 23] with 30 s of grace: %j gives %s', (times, reason) => {
    expect(reasonOf(times)).toBe(reason);
  });

  test('[check 24] may name up to 16 audiences', () => {
    const audiences = Array.from({ length: 16 }, (_, index) => `audience-${index}`);
    expect(reasonOf({ aud: audiences })).toBeUndefined();
    expect(reasonOf({ aud: [...audiences, AUDIENCE] })).toBe('ERR_AUTH_AUDIENCE aud');
    expect(reasonOf({ aud: [AUDIENCE, 7] })).toBe('ERR_AUTH_AUDIENCE aud');
  });

  test('[check 33] hold no token_type, whatever it says', () => {
    for (const token_type of ['Bearer', 'bearer', '', null, 0])
      expect(reasonOf({ token_type })).toMatch(/^ERR_AUTH_TOKEN_TYPE/u);
  });

  test('are texts of at most 2,048 characters', () => {
    expect(reasonOf({ sub: 's'.repeat(2_048) })).toBeUndefined();
    expect(reasonOf({ sub: 's'.repeat(2_049) })).toBe('ERR_AUTH_SUBJECT sub');
  });
});
