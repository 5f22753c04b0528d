import { describe, expect, test } from 'vitest';

import { decodeTokenParts } from '../../src/auth/token-parts.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { encode } from '../support/claims.ts';

function decode(payload: string): unknown {
  return decodeTokenParts(`${encode('{"alg":"x"}')}.${encode(payload)}.c2ln`).payload;
}

function messageOf(token: string): string {
  try {
    decodeTokenParts(token);
  } catch (error) {
    if (isGatewayError(error, 'ERR_AUTH_MALFORMED')) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a compact JWS', () => {
  test('is taken apart into header and payload', () => {
    const token = `${encode('{"alg":"x"}')}.${encode('{"iss":"y","n":[1,{"a":null}]}')}.c2ln`;
    expect(decodeTokenParts(token)).toEqual({
      header: { alg: 'x' },
      payload: { iss: 'y', n: [1, { a: null }] },
    });
  });

  test('may lack a signature here, so that the algorithm is what refuses it', () => {
    expect(decodeTokenParts(`${encode('{"alg":"none"}')}.${encode('{}')}.`).header).toEqual({
      alg: 'none',
    });
  });

  test.each(['', 'a', 'a.b', '..', 'a..c', '.b.c', 'a.b.c.d', 'a.b.c.d.e'])(
    'is not %j',
    (token) => {
      expect(messageOf(token)).toBe('the credential is not a compact JWS');
    },
  );

  test.each(['e30=', 'e3 0', 'e31', 'e30+', 'e3\u00e9'])(
    'has no part that is spelled %j',
    (part) => {
      expect(messageOf(`e30.${part}.c2ln`)).toBe('the credential is not base64url');
      expect(messageOf(`e30.e30.${part}`)).toBe('the credential is not base64url');
    },
  );

  test.each(['[]', '"text"', '1', 'null', 'true'])('has no payload that is %s', (payload) => {
    expect(() => decode(payload)).toThrow('the credential holds no JSON object');
  });

  test('does not inherit members from what it says of __proto__', () => {
    const payload = decode('{"__proto__":{"iss":"x"}}');
    expect(payload).not.toHaveProperty('iss');
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  });

  test('is not quoted when its JSON cannot be read', () => {
    const token = `e30.${encode('{"secret-word"}')}.c2ln`;
    expect(messageOf(token)).toBe('the credential holds no valid JSON');
  });
});

describe('a name that stands twice', () => {
  test.each([
    '{"a":1,"a":2}',
    String.raw`{"a":1,"\u0061":2}`,
    '{"a":{"b":1,"c":2,"b":3}}',
    '[{"a":1,"a":2}]'.replace(/.*/u, '{"x":$&}'),
    '{"a":{"a":1},"b":[],"a":2}',
    String.raw`{"a\"":1,"a\"":2}`,
    String.raw`{"\\":1,"\\":2}`,
    '{"":1,"":2}',
    '{"\u2028":1,"\u2028":2}',
    ' { "a" : 1 , "a" : 2 } ',
  ])('is found in %j', (payload) => {
    expect(() => decode(payload)).toThrow('the credential holds no valid JSON');
  });

  test.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '{"a":[{"a":1},{"a":2}]}',
    '{"a":["a","a"],"b":",\\"a\\":"}',
    String.raw`{"a":"\\","b":"}{"}`,
    '{"a":1,"A":2}',
  ])('is not found in %j', (payload) => {
    expect(decode(payload)).toEqual(JSON.parse(payload));
  });
});
