import { describe, expect, test } from 'vitest';

import { createIssuerKeys } from '../../src/auth/issuer-keys.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { isRecord } from '../../src/core/json.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createLogRecorder } from '../support/log-recorder.ts';
import { ISSUER, ORGANISATION, OTHER_ISSUER } from '../support/claims.ts';
import { KEY, OTHER_KEY, mint } from '../support/tokens.ts';
import type { Attack } from './attacks/attack.ts';
import { CLAIM_ATTACKS } from './attacks/claim-attacks.ts';
import { ENCODING_ATTACKS, ODD_BUT_RIGHT } from './attacks/encoding-attacks.ts';
import { SIGNATURE_ATTACKS } from './attacks/signature-attacks.ts';
import { createAuthRig, refusalOf } from './auth-rig.ts';

const CORPUS: readonly Attack[] = [...ENCODING_ATTACKS, ...SIGNATURE_ATTACKS, ...CLAIM_ATTACKS];
const rig = createAuthRig();

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
  test('[check 19] pushes no right token out of memory, and asks for keys in the name of trusted issuers only', async () => {
    // Room for two tokens, both taken: a third that got in would push one out.
    const { call, keys, hits } = createAuthRig({ maxRemembered: 2 });
    const right = [mint(), mint({ claims: { jti: 'another-registration' } })];
    for (const token of right) await call(token);

    const outcomes = await Promise.allSettled(CORPUS.map(async ([, , header]) => call(header)));

    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    for (const question of keys.asked) expect(question).toMatch(/^\S+ [\w.:-]{1,128}$/u);
    const issuers = new Set(keys.asked.map((question) => question.split(' ')[0]));
    expect(issuers).toEqual(new Set([ISSUER, OTHER_ISSUER]));
    const asked = keys.asked.length;
    // Not promises: both are still remembered.
    for (const token of right) expect(call(token)).toMatchObject({ organisationId: ORGANISATION });
    expect(await hits()).toBe(2);
    expect(keys.asked).toHaveLength(asked);
    expect(await call(mint({ claims: { jti: 'third' } }))).toMatchObject({ tokenId: 'third' });
  });

  test('[check 18] [check 19] [check 34] makes the real key source fetch from trusted issuers only, twice each at most', async () => {
    const published = new Map([
      [`${ISSUER}/keys`, KEY.jwk],
      [`${OTHER_ISSUER}/keys`, OTHER_KEY.jwk],
    ]);
    const fetched: string[] = [];
    const fetchKeys = async (address: unknown): Promise<Response> => {
      fetched.push(String(address));
      return Response.json({ keys: [published.get(String(address))] });
    };
    const { logger } = createLogRecorder();
    const { call } = createAuthRig({
      keySource: (clock) =>
        createIssuerKeys(
          {
            issuers: [ISSUER, OTHER_ISSUER].map((issuer) => ({
              issuer,
              jwksUri: `${issuer}/keys`,
            })),
          },
          { clock, logger, metrics: createMetrics(), fetch: fetchKeys },
        ),
    });
    expect(await call(mint())).toMatchObject({ issuer: ISSUER });

    const reasons = new Map<string, unknown>();
    for (const [name, , header] of CORPUS) {
      const outcome = await Promise.resolve()
        .then(() => call(header))
        .catch((error: unknown) => error);
      reasons.set(name, isGatewayError(outcome) ? outcome.code : outcome);
    }

    expect(reasons).toEqual(new Map(CORPUS.map(([name, code]) => [name, code])));
    for (const address of published.keys())
      expect(fetched.filter((one) => one === address).length).toBeLessThanOrEqual(2);
    expect(fetched.every((address) => published.has(address))).toBe(true);
    expect(call(mint())).toMatchObject({ issuer: ISSUER });
  });
});
