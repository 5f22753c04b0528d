import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { isRecord } from '../../src/core/json.ts';
import {
  AUDIENCE,
  DATA_SOURCE_URL,
  ISSUER,
  KEY,
  ORGANISATION,
  OTHER_ISSUER,
  mint,
} from '../support/tokens.ts';
import type { Attack } from './attacks/attack.ts';
import { CLAIM_ATTACKS } from './attacks/claim-attacks.ts';
import { ENCODING_ATTACKS, ODD_BUT_RIGHT } from './attacks/encoding-attacks.ts';
import { SIGNATURE_ATTACKS } from './attacks/signature-attacks.ts';
import { createAuthRig, refusalOf } from './auth-rig.ts';

const CORPUS: readonly Attack[] = [...ENCODING_ATTACKS, ...SIGNATURE_ATTACKS, ...CLAIM_ATTACKS];
const rig = await createAuthRig();
const fetched: unknown[] = [];

beforeEach(() => {
  vi.stubGlobal('fetch', (address: unknown) => {
    fetched.push(address);
    throw new Error('nothing may be fetched');
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Strings and numbers of the payload, at whatever depth, that are long enough to be told from other words. */
function valuesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(valuesOf);
  if (isRecord(value)) return Object.values(value).flatMap(valuesOf);
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return text.length < 6 ? [] : [text];
}

function payloadOf(header: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const part = header?.split(' ').at(-1)?.split('.')[1] ?? '';
    const payload: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isRecord(payload) ? payload : {};
  } catch {
    return {};
  }
}

/** What may never be written down: the token, its signature, the subject and the nonce. */
function secretsOf(header: string | undefined): readonly string[] {
  const token = header?.trim().split(/\s+/u).at(-1) ?? '';
  const { sub, jti } = payloadOf(header);
  const pieces = [token, ...token.split('.')].filter((piece) => piece.length > 20);
  return [...pieces, ...valuesOf([sub, jti])];
}

describe('the attack corpus', () => {
  test('has at least 200 cases, none of them twice', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(200);
    expect(new Set(CORPUS.map(([name]) => name)).size).toBe(CORPUS.length);
    expect(new Set(CORPUS.map(([, , header]) => header)).size).toBe(CORPUS.length);
  });

  test.each(CORPUS)('[check 43] %s is refused with %s', async (_name, code, header) => {
    const refusal = await refusalOf(rig.authenticator, header);
    expect(refusal.code).toBe(code);
    for (const value of [...valuesOf(payloadOf(header)), ...secretsOf(header)])
      expect(refusal.message).not.toContain(value);
    const written = JSON.stringify(refusal.detail);
    for (const secret of secretsOf(header)) expect(written).not.toContain(secret);
    expect(written.length).toBeLessThan(1_000);
    expect(refusal.cause).toBeUndefined();
  });

  test.each(ODD_BUT_RIGHT)('%s is accepted', async (_name, header) => {
    expect(await rig.call(header)).toMatchObject({ issuer: ISSUER, organisationId: ORGANISATION });
  });
});

describe('the whole corpus at once', () => {
  test('[check 19] [check 34] fetches nothing, asks only trusted issuers for keys, and pushes no right token out of memory', async () => {
    // Room for two tokens, both taken: a third that got in would push one out.
    const small = await createAuthRig({ maxRemembered: 2 });
    const right = [mint(), mint({ claims: { jti: 'another-registration' } })];
    for (const token of right) await small.call(token);

    const outcomes = await Promise.allSettled(
      CORPUS.map(async ([, , header]) => small.call(header)),
    );

    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(fetched).toEqual([]);
    const issuers = new Set(small.keys.asked.map((question) => question.split(' ')[0]));
    expect([...issuers].sort()).toEqual([OTHER_ISSUER, ISSUER].sort());
    const asked = small.keys.asked.length;
    for (const token of right)
      expect(small.call(token)).toMatchObject({
        audience: AUDIENCE,
        dataSourceUrl: DATA_SOURCE_URL,
      });
    expect(await small.hits()).toBe(2);
    expect(small.keys.asked).toHaveLength(asked);
    await expect(small.call(mint({ claims: { jti: 'third' } }))).resolves.toBeDefined();
  });

  test('[check 18] asks for an unknown key once a token, under a name that is safe to look up', () => {
    for (const question of rig.keys.asked) expect(question).toMatch(/^\S+ [\w.:-]{1,128}$/u);
    expect(rig.keys.asked).toContain(`${ISSUER} __proto__`);
    expect(rig.keys.asked).toContain(`${ISSUER} ${KEY.keyId}`);
  });
});
