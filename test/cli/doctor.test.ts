import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { DEVELOPMENT_CLAIMS, startDevelopmentBroker } from '../../src/cli/development.ts';
import type { KeyServer } from '../../src/simulator/key-server.ts';
import type { TokenIssuer } from '../../src/simulator/token-issuer.ts';
import { type CliStage, createCliStage } from '../support/cli-rig.ts';
import { KEY } from '../support/gateway-rig.ts';

const ORGANISATION = '11111111-2222-4333-8444-555555555555';
const SUBJECT = 'a-subject-that-is-a-secret';

let broker: { readonly issuer: TokenIssuer } & Pick<KeyServer, 'jwksUri' | 'close'>;
beforeAll(async () => {
  broker = await startDevelopmentBroker({ key: await KEY });
  return () => broker.close();
});

const mint = (changes: object = {}): string =>
  broker.issuer.mint({
    ...DEVELOPMENT_CLAIMS,
    organisationId: ORGANISATION,
    subject: SUBJECT,
    ...changes,
  });

/** A stage whose folder has a right configuration, and a token that fits it. */
async function createStage(token = mint()): Promise<CliStage> {
  const stage = await createCliStage();
  const { url, audience } = DEVELOPMENT_CLAIMS;
  const config = {
    grpc: { listen: '127.0.0.1:0' },
    trust: { issuers: [{ issuer: broker.issuer.issuer, jwksUri: broker.jwksUri }] },
    dataSources: [
      {
        url,
        audience,
        subject: SUBJECT,
        schema: 'voice-virtual-agent',
        organizations: [ORGANISATION],
      },
    ],
    agents: [{ id: 'front-desk', bot: { use: 'echo' } }],
  };
  await mkdir(stage.folder, { recursive: true });
  await writeFile(join(stage.folder, 'byova.yaml'), JSON.stringify(config));
  await writeFile(join(stage.folder, 'token.txt'), `${token}\n`);
  return stage;
}

describe('byova doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const { run } = await createStage();
    const { code, out, err } = await run('doctor', '-c', 'byova.yaml', '--token-file', 'token.txt');
    expect([code, err]).toEqual([0, '']);
    expect(out.replaceAll(/key “[^”]+”|issued \d s/gu, '…')).toMatchInlineSnapshot(`
      "configuration byova.yaml
        ✓ 1 agent, 1 data source, 1 issuer
        ! the issuer “http://127.0.0.1:50080/idb” is one for development → take it out for production

      issuers
        ✓ http://127.0.0.1:50080/idb: 1 usable key (HTTP 200, good for 6 hours)
        ✓ the clock of this machine agrees with the issuers’

      token
        ✓ the algorithm is RS256
        ✓ the issuer “http://127.0.0.1:50080/idb” is trusted
        ✓ the signature is that of the issuer’s …
        ✓ it expires in 60 minutes
        ✓ it was … ago
        ✓ it has a nonce (jti)
        ✓ the audience is the registered one
        ✓ the subject is the registered one
        ✓ the URL is the registered one
        ✓ the schema is that of the voice virtual agent
        ✓ the organisation may use the data source
        ✓ the gateway would accept this token for the voice virtual agent, unless a newer one of its data source has retired it

      nothing is wrong, 1 thing to look at
      "
    `);
  });

  it('fails with 1 for a token that would be refused, and shows neither it nor its subject', async () => {
    const token = mint({ url: 'https://voice.example.com', subject: 'another-secret-subject' });
    const { run } = await createStage(token);
    for (const rest of [['--token-file', 'token.txt'], ['--token', token], ['--json']]) {
      const given = rest.includes('--json') ? ['--token', `Bearer ${token}`, ...rest] : rest;
      const { code, out, err } = await run('doctor', '-c', 'byova.yaml', ...given);
      expect([code, err]).toEqual([1, '']);
      expect(out).toContain('differs from the configured “https://voice.example.com:443” by');
      for (const secret of [...token.split('.'), SUBJECT, 'another-secret-subject'])
        expect(out).not.toContain(secret);
    }
  });

  it('prints one JSON document with the verdict', async () => {
    const { run } = await createStage();
    const token = mint({ audience: 'else' });
    const { out } = await run('doctor', '-c', 'byova.yaml', '--token', token, '--json');
    expect(JSON.parse(out)).toMatchObject({
      token: { accepted: false, code: 'ERR_AUTH_AUDIENCE' },
      wrongs: 2,
    });
  });

  it('names every problem of a configuration that does not load, and tries the endpoint all the same', async () => {
    const { run, folder } = await createStage();
    await writeFile(join(folder, 'bad.yaml'), 'grpc: { listen: 5, foo: 1 }\n');
    const { code, out } = await run('doctor', '-c', 'bad.yaml', '--url', broker.issuer.issuer);
    expect(code).toBe(1);
    expect(out).toContain('✗ grpc.listen: must be text → correct line 1');
    expect(out).toContain('✗ grpc.foo: is an unknown key');
    expect(out).toContain('✗ dataSources: is required');
    expect(out).toContain('! the URL is http: plaintext');
  });

  it.each([
    [[], /required option/u],
    [['-c', 'byova.yaml', '--url', 'http://voice.example.com'], /must be an https URL/u],
    [['-c', 'byova.yaml', '--url', 'voice.example.com'], /must be an/u],
    [['-c', 'byova.yaml', '--token', 'a', '--token-file', 'token.txt'], /not both/u],
    [['-c', 'byova.yaml', '--ca', 'ca.pem'], /need --url/u],
    [['-c', 'byova.yaml', '--url', 'https://a.example', '--cert', 'a.pem'], /need each other/u],
  ])('refuses %j as wrong usage', async (args, words) => {
    const { run } = await createStage();
    const { code, out, err } = await run('doctor', ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(words);
  });
});
