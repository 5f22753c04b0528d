import { describe, expect, test } from 'vitest';

import { extractToken } from '../../src/auth/extract-token.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';

const MAX_BYTES = 32;

function codeOf(header: string | undefined): string | undefined {
  try {
    extractToken(header, MAX_BYTES);
  } catch (error) {
    return isGatewayError(error) ? error.code : 'not ours';
  }
  return undefined;
}

describe('the authorization header', () => {
  test.each(['a.b.c', 'Bearer a.b.c', 'bearer a.b.c', 'BEARER   a.b.c'])(
    '[check 14] [check 15] gives the token of %j',
    (header) => {
      expect(extractToken(header, MAX_BYTES)).toBe('a.b.c');
    },
  );

  test('[check 13] is missing when it is empty', () => {
    expect(codeOf(undefined)).toBe('ERR_AUTH_MISSING');
    expect(codeOf('')).toBe('ERR_AUTH_MISSING');
  });

  test.each(['Basic YTpi', 'Bearer ', 'Bearer a b', 'Bearer\ta', ' a.b.c', 'a.b.c '])(
    '[check 16] is of another scheme when it is %j',
    (header) => {
      expect(codeOf(header)).toBe('ERR_AUTH_SCHEME');
    },
  );

  test('[check 40] is too large one byte beyond the limit, scheme included', () => {
    const atLimit = `Bearer ${'a'.repeat(MAX_BYTES - 7)}`;
    expect(codeOf(atLimit)).toBeUndefined();
    expect(codeOf(`${atLimit}a`)).toBe('ERR_AUTH_TOO_LARGE');
  });
});
