import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';

import {
  type DoctorDeps,
  examineClock,
  examineIssuer,
  toKeySource,
} from '../../src/cli/doctor-keys.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type IssuerKey, generateIssuerKey, publicJwkOf } from '../../src/simulator/issuer-key.ts';
import type { KeyFault } from '../../src/simulator/key-fault.ts';
import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import { createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';

let key: IssuerKey;
let server: KeyServer;
let jwks: JwksServer;

beforeAll(async () => {
  key = await generateIssuerKey({ keyId: 'key-1' });
  server = await startKeyServer(await createTokenIssuer({ issuer: 'http://127.0.0.1/idb', key }));
  jwks = await startJwksServer();
});
beforeEach(() => server.setFault({ type: 'none' }));
afterAll(async () => {
  await server.close();
  await jwks.close();
});

const examine = (jwksUri = server.jwksUri, deps: Partial<DoctorDeps> = {}) =>
  examineIssuer(
    { issuer: 'idb', jwksUri },
    { clock: systemClock, fetch, timeoutMs: 10_000, ...deps },
  );

describe('an issuer', () => {
  it('that answers has keys, good for so long, and the gateway’s authenticator can use them', async () => {
    const report = await examine();
    expect(report.findings).toEqual([
      { level: 'right', text: 'idb: 1 usable key (HTTP 200, good for 6 hours)' },
    ]);
    const keys = toKeySource([report]);
    expect(keys.find('idb', 'key-1')).toMatchObject({ keyId: 'key-1' });
    expect(() => keys.find('idb', 'key-2')).toThrow(/no such key/u);
    expect(() => keys.find('else', 'key-1')).toThrow(/did not come/u);
  });

  test.each<readonly [KeyFault, RegExp]>([
    [{ type: 'status', status: 500 }, /answers HTTP 500/u],
    [{ type: 'status', status: 429, retryAfterSeconds: 7 }, /HTTP 429.*too many requests/u],
    [{ type: 'redirect', location: 'https://else.example/' }, /HTTP 302 and sends/u],
    [{ type: 'truncated' }, /broke the connection off/u],
    [{ type: 'oversized' }, /larger than any key set/u],
    [{ type: 'wrong-content' }, /is no JWK set/u],
    [{ type: 'hang' }, /does not answer in time/u],
    [{ type: 'slow-drip', everyMs: 1 }, /does not answer in time/u],
  ])('that fails with %j is told in words', async (fault, words) => {
    server.setFault(fault);
    const deps = fault.type === 'hang' || fault.type === 'slow-drip' ? { timeoutMs: 50 } : {};
    const { findings, keys } = await examine(server.jwksUri, deps);
    expect(keys).toBeUndefined();
    expect(findings).toMatchObject([{ level: 'wrong', text: expect.stringMatching(words) }]);
  });

  it('that cannot be reached is told from one that does not exist', async () => {
    const closed = await startJwksServer();
    await closed.close();
    expect((await examine(closed.url)).findings[0]?.text).toMatch(/refuses the connection/u);
    const notFound = Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('secret text'), { code: 'ENOTFOUND' }),
    });
    const [finding] = (
      await examine('https://nowhere.example/keys', { fetch: () => Promise.reject(notFound) })
    ).findings;
    expect(finding?.text).toBe('idb: no keys, nowhere.example is not known to DNS');
  });

  it('names the keys that it leaves out, and why', async () => {
    const good = publicJwkOf(key);
    const short = publicJwkOf(await generateIssuerKey({ keyId: 'short', modulusLength: 1024 }));
    jwks.publish([
      good,
      good,
      { ...good, kid: 'enc', use: 'enc' },
      { kty: 'EC', kid: 'curve' },
      short,
    ]);
    expect((await examine(jwks.url)).findings.map(({ text }) => text)).toEqual([
      'idb: 1 usable key (HTTP 200, which does not say for how long)',
      'idb: 4 keys left out: “key-1” is there twice; “enc” is not for signatures; “curve” is no RSA key; “short” has 1024 bits, and 2048 are the least',
    ]);
    jwks.publish([short]);
    const { findings, keys } = await examine(jwks.url);
    expect(keys).toBeUndefined();
    expect(findings.map(({ level }) => level)).toEqual(['wrong', 'risk']);
  });
});

describe('the clock', () => {
  const answer = (aheadSeconds: number) => async () => {
    const clock = { ...systemClock, now: () => Date.now() + aheadSeconds * 1_000 };
    return examineClock([await examine(server.jwksUri, { clock })], 30_000);
  };

  test.each([
    [0, 'right', /agrees/u],
    [42, 'wrong', /is 4[123] s ahead: tokens are refused beyond 30 s/u],
    [-3_600, 'wrong', /is 60 minutes behind/u],
    [10, 'risk', /is (?:9|10|11) s ahead; 30 s are forgiven/u],
  ])('that is %i s ahead of the issuer’s is %s', async (seconds, level, words) => {
    expect(await answer(seconds)()).toMatchObject([{ level, text: expect.stringMatching(words) }]);
  });

  it('is judged by the issuer in the middle, and not at all without one', () => {
    const report = (clockAheadMs: number | undefined) => ({
      issuer: 'idb',
      keys: [],
      findings: [],
      clockAheadMs,
    });
    expect(examineClock([report(0), report(500_000), report(100)], 30_000)).toMatchObject([
      { level: 'right' },
    ]);
    expect(examineClock([report(undefined)], 30_000)).toEqual([]);
  });

  it('allows for the age of an answer that a cache hands on', async () => {
    jwks.publish([publicJwkOf(key)], {
      date: new Date(Date.now() - 600_000).toUTCString(),
      age: '600',
    });
    expect(examineClock([await examine(jwks.url)], 30_000)).toMatchObject([{ level: 'right' }]);
  });
});
