import { describe, expect, test } from 'vitest';

import { ORGANISATION } from '../support/claims.ts';
import { mint } from '../support/tokens.ts';
import { createAuthRig, refusalOf } from './auth-rig.ts';

const OTHER_ORGANISATION = ORGANISATION.replaceAll('1', '9');
const TOKEN = mint();

describe('known organisations', () => {
  test('[check 29] let in only whom they and a data source name, at the next RPC', async () => {
    const { authenticator, call, dataSources } = createAuthRig();
    const principal = await call(TOKEN);
    dataSources.setKnownOrganisations(new Set([OTHER_ORGANISATION]));
    expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_ORGANISATION');
    expect(authenticator.isStillWelcome(principal)).toBe(false);
    expect(dataSources.isOpenTo(ORGANISATION)).toBe(false);
    // No data source serves the other one.
    expect(dataSources.isOpenTo(OTHER_ORGANISATION)).toBe(false);
    dataSources.setKnownOrganisations(new Set([ORGANISATION]));
    expect(call(TOKEN)).toEqual(principal);
    expect(dataSources.isOpenTo(ORGANISATION)).toBe(true);
    dataSources.setKnownOrganisations(undefined);
    expect(call(TOKEN)).toEqual(principal);
  });
});

describe('a revocation', () => {
  test('is taken back at the next RPC', async () => {
    const { call, dataSources, authenticator } = createAuthRig();
    const principal = await call(TOKEN);
    for (const what of [
      { organisationId: ORGANISATION.toUpperCase() },
      { tokenId: principal.tokenId },
    ]) {
      dataSources.revoke(what);
      expect((await refusalOf(authenticator, TOKEN)).code).toBe('ERR_AUTH_REVOKED');
      expect(dataSources.restore(what)).toBe(true);
      expect(dataSources.restore(what)).toBe(false);
      expect(call(TOKEN)).toEqual(principal);
    }
  });

  test('reaches a token that the replay store is still thinking about', async () => {
    let answer: () => void = () => undefined;
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const { dataSources, authenticator } = createAuthRig({
      admit: () => {
        isAsked();
        return new Promise((resolve) => (answer = resolve));
      },
    });
    const refused = refusalOf(authenticator, TOKEN);
    await asked;
    dataSources.revoke({ organisationId: ORGANISATION });
    answer();
    expect((await refused).code).toBe('ERR_AUTH_REVOKED');
  });
});
