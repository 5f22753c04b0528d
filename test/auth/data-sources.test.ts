import { describe, expect, test } from 'vitest';

import { checkClaims } from '../../src/auth/claims.ts';
import { type DataSource, createDataSources } from '../../src/auth/data-sources.ts';
import type { Principal } from '../../src/conversation/principal.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import {
  AUDIENCE,
  CLAIMS,
  FORKING_SCHEMA,
  ISSUER,
  NOW_MS,
  ORGANISATION,
  TOKEN_ID,
  VOICE_SCHEMA,
  VOICE_SOURCE,
} from '../support/claims.ts';

const OTHER_ORGANISATION = ORGANISATION.replaceAll('1', '9');
const right = checkClaims(CLAIMS, NOW_MS, 0);
const PRINCIPAL: Principal = {
  organisationId: ORGANISATION,
  issuer: ISSUER,
  audience: AUDIENCE,
  subject: right.subject,
  dataSourceUrl: right.dataSourceUrl,
  schemaId: VOICE_SCHEMA,
  tokenId: TOKEN_ID,
  expiresAtMs: right.expiresAtMs,
};

function codeOf(
  sources: readonly DataSource[],
  claims: Partial<typeof right> = {},
  schemaId = VOICE_SCHEMA,
): string | undefined {
  try {
    createDataSources(sources).match({ ...right, ...claims }, schemaId);
  } catch (error) {
    return isGatewayError(error) ? error.code : 'not ours';
  }
  return undefined;
}

describe('the registered data sources', () => {
  test('are matched as a whole: claims of two of them do not make a third', () => {
    const other: DataSource = {
      url: 'https://other.example',
      schemaId: FORKING_SCHEMA,
      audience: 'other-audience',
      subject: 'other-subject',
      organisations: 'any',
    };
    const both = [VOICE_SOURCE, other];
    expect(codeOf(both)).toBeUndefined();
    expect(codeOf(both, { audiences: ['other-audience'] })).toBe('ERR_AUTH_SUBJECT');
    expect(codeOf(both, { subject: 'other-subject' })).toBe('ERR_AUTH_SUBJECT');
    expect(codeOf(both, { dataSourceUrl: other.url })).toBe('ERR_AUTH_URL');
    expect(codeOf(both, { schemaId: FORKING_SCHEMA }, FORKING_SCHEMA)).toBe('ERR_AUTH_SCHEMA');
    expect(codeOf(both, { organisationId: OTHER_ORGANISATION })).toBe('ERR_AUTH_ORGANISATION');
  });

  test('let nobody in when there are none', () => {
    expect(codeOf([])).toBe('ERR_AUTH_AUDIENCE');
  });

  test('give the one that serves the organisation, when several share URL and schema', () => {
    const theirs = { ...VOICE_SOURCE, organisations: new Set([OTHER_ORGANISATION]) };
    const sources = createDataSources([theirs, VOICE_SOURCE]);
    expect(sources.match(right, VOICE_SCHEMA)).toBe(VOICE_SOURCE);
  });

  test('may serve any organisation', () => {
    const open = [{ ...VOICE_SOURCE, organisations: 'any' as const }];
    expect(codeOf(open, { organisationId: OTHER_ORGANISATION })).toBeUndefined();
  });

  test('[check 27] do not answer a service of another schema', () => {
    const both = [VOICE_SOURCE, { ...VOICE_SOURCE, schemaId: FORKING_SCHEMA }];
    expect(codeOf(both, {}, FORKING_SCHEMA)).toBe('ERR_AUTH_SCHEMA');
    expect(codeOf(both, { schemaId: FORKING_SCHEMA })).toBe('ERR_AUTH_SCHEMA');
    expect(codeOf(both, { schemaId: FORKING_SCHEMA }, FORKING_SCHEMA)).toBeUndefined();
  });
});

describe('a principal that was let in', () => {
  test('stays welcome while a data source says all that it was let in for', () => {
    const sources = createDataSources([VOICE_SOURCE]);
    expect(sources.isWelcome(PRINCIPAL)).toBe(true);
    const changes: readonly Partial<DataSource>[] = [
      { url: 'https://moved.example' },
      { schemaId: FORKING_SCHEMA },
      { audience: 'renamed' },
      { subject: 'renamed' },
      { organisations: new Set([OTHER_ORGANISATION]) },
    ];
    for (const change of changes) {
      sources.replace([{ ...VOICE_SOURCE, ...change }]);
      expect(sources.isWelcome(PRINCIPAL)).toBe(false);
    }
    sources.replace([VOICE_SOURCE]);
    expect(sources.isWelcome(PRINCIPAL)).toBe(true);
  });

  test('[check 28] is welcome no more when its organisation or its nonce is revoked, and others still are', () => {
    for (const what of [{ organisationId: ORGANISATION.toUpperCase() }, { tokenId: TOKEN_ID }]) {
      const sources = createDataSources([{ ...VOICE_SOURCE, organisations: 'any' }]);
      sources.revoke(what);
      expect(sources.isWelcome(PRINCIPAL)).toBe(false);
      expect(() => sources.match(right, VOICE_SCHEMA)).toThrow('the credential was revoked');
      const other = { organisationId: OTHER_ORGANISATION, tokenId: 'another' };
      expect(sources.isWelcome({ ...PRINCIPAL, ...other })).toBe(true);
      expect(sources.match({ ...right, ...other }, VOICE_SCHEMA)).toBeDefined();
    }
  });

  test('cannot revoke an organisation by a nonce that reads like one', () => {
    const sources = createDataSources([VOICE_SOURCE]);
    sources.revoke({ tokenId: `x organisation ${ORGANISATION}` });
    sources.revoke({ tokenId: ORGANISATION });
    expect(sources.isWelcome(PRINCIPAL)).toBe(true);
  });

  test('is revoked at most 10,000 times, and again without a limit', () => {
    const sources = createDataSources([VOICE_SOURCE]);
    for (let i = 0; i < 10_000; i++) sources.revoke({ tokenId: `nonce-${i}` });
    expect(() => sources.revoke({ tokenId: 'one-more' })).toThrow(RangeError);
    expect(() => sources.revoke({ tokenId: 'nonce-0' })).not.toThrow();
  });
});
