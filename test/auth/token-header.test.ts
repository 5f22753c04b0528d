import { describe, expect, test } from 'vitest';

import { checkTokenHeader } from '../../src/auth/token-header.ts';
import type { TokenObject } from '../../src/auth/token-parts.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';

const RIGHT = { alg: 'RS256', kid: '0b6c3f0e-6f7a-4b7e-9a55-6f1f6a3c1a01', typ: 'JWT' };

function codeOf(header: TokenObject): string | undefined {
  try {
    checkTokenHeader(header);
  } catch (error) {
    return isGatewayError(error) ? error.code : 'not ours';
  }
  return undefined;
}

describe('the header of a token', () => {
  test('gives the key id', () => {
    expect(checkTokenHeader(RIGHT)).toBe(RIGHT.kid);
  });

  test('[check 34] may hold keys and addresses of keys, which nobody reads', () => {
    const header = { ...RIGHT, jwk: {}, jku: 'https://a.example', x5u: 'x', x5c: [], x5t: 'y' };
    expect(checkTokenHeader(header)).toBe(RIGHT.kid);
  });

  test.each(['none', 'HS256', 'RS384', 'PS256', 'ES256', 'rs256', '', undefined, null, ['RS256']])(
    '[check 17] is refused with the algorithm %j',
    (alg) => {
      expect(codeOf({ ...RIGHT, alg })).toBe('ERR_AUTH_ALGORITHM');
    },
  );

  test.each([{ crit: ['exp'] }, { crit: [] }, { crit: null }, { b64: false }, { b64: true }])(
    '[check 34] is refused with %j',
    (critical) => {
      expect(codeOf({ ...RIGHT, ...critical })).toBe('ERR_AUTH_CRITICAL_HEADER');
    },
  );

  test.each([
    undefined,
    null,
    '',
    7,
    ['a'],
    '../a',
    'a/b',
    'a b',
    'a\n',
    'a\0',
    '\u00e9',
    'k'.repeat(129),
  ])('[check 18] is refused with the key id %j', (kid) => {
    expect(codeOf({ ...RIGHT, kid })).toBe('ERR_AUTH_KEY_ID');
  });

  test('says which algorithm it had, in at most 200 characters', () => {
    try {
      checkTokenHeader({ ...RIGHT, alg: 'x'.repeat(1_000) });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        detail: { claim: 'alg', expected: 'RS256', actual: 'x'.repeat(200) },
      });
    }
  });
});
