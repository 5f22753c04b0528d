import { describe, expect, it } from 'vitest';

import {
  type CertifiedRpc,
  createClientNameCheck,
  namesOf,
} from '../../src/transport/client-names.ts';

/** A call on a connection whose client showed these names. */
function callOf(commonName: string | undefined, subjectaltname?: string) {
  let looks = 0;
  const certificate = { subject: { CN: commonName }, subjectaltname };
  const call = {
    session: {},
    certificate() {
      looks += 1;
      return commonName === undefined ? undefined : certificate;
    },
  };
  return { call: call as unknown as CertifiedRpc, looks: () => looks };
}

function isAllowed(patterns: readonly string[], commonName?: string, names?: string): boolean {
  try {
    createClientNameCheck(patterns)(callOf(commonName, names).call);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT_CLIENT_NAME' });
    return false;
  }
}

describe('the names of client certificates', () => {
  it('are compared label by label, without regard to case', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['*.cisco.test', 'a.cisco.test', true],
      ['*.cisco.test', 'A.Cisco.TEST', true],
      ['*.cisco.test', 'cisco.test', false],
      ['*.cisco.test', 'a.b.cisco.test', false],
      ['*.cisco.test', '.cisco.test', false],
      ['*.cisco.test', 'a.cisco.test.evil.test', false],
      ['*.cisco.test', 'a-cisco.test', false],
      ['*.cisco.test', 'a.ciscoxtest', false],
      ['a.*.cisco.test', 'a.b.cisco.test', true],
      ['a.cisco.test', 'a.cisco.test', true],
      ['a.cisco.test', 'b.cisco.test', false],
      ['*', 'single', true],
      ['*', 'two.labels', false],
    ];
    for (const [pattern, name, expected] of cases) {
      expect([pattern, name, isAllowed([pattern], name)]).toEqual([pattern, name, expected]);
      expect([pattern, name, isAllowed([pattern], 'x.test', `DNS:${name}`)]).toEqual([
        pattern,
        name,
        expected,
      ]);
    }
  });

  it('may be any when no pattern is given, and must be there when one is', () => {
    expect(isAllowed([])).toBe(true);
    expect(isAllowed(['*.cisco.test'])).toBe(false);
    expect(
      isAllowed(['x.test', '*.cisco.test'], 'b', 'IP Address:127.0.0.1, DNS:a.cisco.test'),
    ).toBe(true);
  });

  it('cannot be smuggled in by a name of another kind', () => {
    expect(namesOf({ subject: subject('cn'), subjectaltname: 'URI:"x, DNS:evil", DNS:b' })).toEqual(
      ['cn', 'b'],
    );
    expect(namesOf({ subject: subject('cn'), subjectaltname: 'URI:x"y, DNS:evil' })).toEqual([
      'cn',
    ]);
    expect(namesOf({ subject: subject('cn'), subjectaltname: 'DNS:"a, DNS:evil' })).toEqual(['cn']);
    expect(
      namesOf({ subject: subject('cn'), subjectaltname: String.raw`othername:"\", DNS:evil"` }),
    ).toEqual(['cn']);
  });

  it('are looked at once a connection', () => {
    const check = createClientNameCheck(['*.cisco.test']);
    const good = callOf('a.cisco.test');
    const bad = callOf('evil.test');
    for (let round = 0; round < 3; round += 1) {
      check(good.call);
      expect(() => check(bad.call)).toThrow('no name');
    }
    expect([good.looks(), bad.looks()]).toEqual([1, 1]);
  });

  it('must be given as host names with whole labels', () => {
    for (const pattern of ['', '*a.test', 'a..test', '.test', 'a.test.', 'a b', '(a+)+'])
      expect(() => createClientNameCheck([pattern])).toThrow(TypeError);
  });
});

const subject = (CN: string) => ({ C: '', ST: '', L: '', O: '', OU: '', CN });
