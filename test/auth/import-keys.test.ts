import { generateKeyPairSync } from 'node:crypto';

import { CompactSign, compactVerify } from 'jose';
import { expect, test } from 'vitest';

import { importKeys } from '../../src/auth/import-keys.ts';
import { signingKey } from '../support/signing-keys.ts';

const { jwk, privateKey } = await signingKey('key-1');
const { kty, n, e, kid } = jwk;
const idsOf = async (...entries: readonly unknown[]) =>
  (await importKeys(entries)).map(({ keyId }) => keyId);

test('[check 39] a key with `alg`, without it, and with fields nobody knows is taken', async () => {
  const entries = [
    { kty, n, e, kid: 'bare' },
    { ...jwk, kid: 'full' },
    { ...jwk, kid: 'odd', x5c: ['?'], 'new-field': { deep: [] }, key_ops: ['verify'], exp: null },
  ];
  expect(await idsOf(...entries)).toEqual(['bare', 'full', 'odd']);
});

test('a key verifies what its private half signed, and keeps no private part', async () => {
  const [imported] = await importKeys([{ ...jwk, d: 'not-a-number', p: 1 }]);
  if (imported === undefined) throw new Error('not imported');
  const token = await new CompactSign(Buffer.from('x'))
    .setProtectedHeader({ alg: 'RS256' })
    .sign(privateKey);
  await expect(compactVerify(token, imported.key)).resolves.toBeDefined();
  expect(imported.key.type).toBe('public');
  expect(imported.jwk).toEqual({ kty, kid, n, e });
});

const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'jwk',
});
const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  format: 'jwk',
});
const even = Buffer.from(n, 'base64url');
even[even.length - 1] = 0;

test.each<[string, unknown]>([
  ['an EC key', { ...ecKey, kid: 'ec' }],
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' }],
  ['an encryption key', { ...jwk, use: 'enc' }],
  ['a key for RS384', { ...jwk, alg: 'RS384' }],
  ['a key for PS256', { ...jwk, alg: 'PS256' }],
  ['a key that may only sign', { ...jwk, key_ops: ['sign'] }],
  ['operations that are no list', { ...jwk, key_ops: 'verify' }],
  ['no key id', { ...jwk, kid: undefined }],
  ['an empty key id', { ...jwk, kid: '' }],
  ['a key id that is a number', { ...jwk, kid: 7 }],
  ['a giant key id', { ...jwk, kid: 'k'.repeat(257) }],
  ['1024 bits', { ...small, kid: 'small' }],
  [
    '1024 bits behind zeros',
    {
      ...jwk,
      n: Buffer.concat([Buffer.alloc(128), Buffer.from(small.n ?? '', 'base64url')]).toString(
        'base64url',
      ),
    },
  ],
  ['more than 8192 bits', { ...jwk, n: Buffer.alloc(1025, 0xff).toString('base64url') }],
  ['an even modulus', { ...jwk, n: even.toString('base64url') }],
  ['a modulus that is not base64url', { ...jwk, n: `${n.slice(0, -2)}+/` }],
  ['no modulus', { ...jwk, n: undefined }],
  ['the exponent 1', { ...jwk, e: 'AQ' }],
  ['the exponent 0', { ...jwk, e: 'AA' }],
  ['an even exponent', { ...jwk, e: 'AQAC' }],
  ['a giant exponent', { ...jwk, e: Buffer.alloc(64, 0xff).toString('base64url') }],
  ['null', null],
  ['a list', []],
  ['text', 'key'],
])('[check 39] an entry with %s is left out, and the rest is used', async (_name, entry) => {
  expect(await idsOf(entry, { ...jwk, kid: 'good' })).toEqual(['good']);
});

test('of two usable keys with one id the first is taken, and an unusable one does not count', async () => {
  const other = await signingKey('key-2');
  const keys = await importKeys([{ ...other.jwk, kid, use: 'enc' }, jwk, { ...other.jwk, kid }]);
  expect(keys.map((key) => key.jwk.n)).toEqual([n]);
});
