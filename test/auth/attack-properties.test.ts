import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { createAuthRig, refusalOf } from './auth-rig.ts';
import { VOICE_SCHEMA, encode } from '../support/claims.ts';
import { mint, signParts } from '../support/tokens.ts';

const TOKEN = mint();
const { authenticator } = createAuthRig();

async function isRefused(header: string): Promise<void> {
  const { code } = await refusalOf(authenticator, header);
  expect(code).toMatch(/^ERR_AUTH_/u);
}

test('[check 22] a right token with any one bit changed is refused, whether the right one is remembered or not', async () => {
  await authenticator.authenticate(TOKEN, VOICE_SCHEMA);
  const places = fc.record({ index: fc.nat(TOKEN.length - 1), bit: fc.nat(7) });
  await fc.assert(
    fc.asyncProperty(places, async ({ index, bit }) => {
      const letter = String.fromCharCode(TOKEN.charCodeAt(index) ^ (1 << bit));
      await isRefused(`${TOKEN.slice(0, index)}${letter}${TOKEN.slice(index + 1)}`);
    }),
    { numRuns: 250 },
  );
});

test('[check 22] a right token with one bit of the decoded bytes changed is refused', async () => {
  const parts = TOKEN.split('.');
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.nat(), fc.nat(7), async (part, place, bit) => {
      const bytes = Buffer.from(parts[part] ?? '', 'base64url');
      const index = place % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      await isRefused(parts.with(part, encode(bytes)).join('.'));
    }),
    { numRuns: 200 },
  );
});

test('any text as a header is refused with a code, and nothing else is ever thrown', async () => {
  const texts = fc.oneof(
    fc.array(fc.nat(0xffff), { maxLength: 100 }).map((units) => String.fromCharCode(...units)),
    fc.string({ unit: 'binary-ascii', maxLength: 200 }).map((text) => `Bearer ${text}`),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc
      .array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.map(encode).join('.')),
  );
  await fc.assert(fc.asyncProperty(texts, isRefused), { numRuns: 500 });
});

test('any JSON as header and payload is refused with a code, and nothing else is ever thrown', async () => {
  const head = fc.oneof(fc.json(), fc.constant(mint().split('.')[0] ?? ''));
  await fc.assert(
    fc.asyncProperty(head, fc.json(), async (header, payload) => {
      const part = header.startsWith('ey') ? header : encode(header);
      await isRefused(signParts(part, encode(payload)));
    }),
    { numRuns: 100 },
  );
});
