import { rm, writeFile } from 'node:fs/promises';

import { beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';

import { examineConfig } from '../../src/cli/doctor-config.ts';
import type { Finding } from '../../src/cli/doctor-finding.ts';
import {
  type TestAuthority,
  type TestCertificate,
  createAuthority,
  writeTlsFiles,
} from '../support/certificates.ts';
import { parse } from '../support/config-text.ts';

const DAY_MS = 86_400_000;
const SOURCE = {
  url: 'https://voice.example.com:443',
  schema: 'voice-virtual-agent',
  audience: 'A',
  subject: 'the-secret-subject',
};
const RIGHT = {
  grpc: { listen: '127.0.0.1:0' },
  dataSources: [SOURCE],
  agents: [{ id: 'front-desk', bot: { use: 'echo' } }],
};

const examine = (changes: object) =>
  examineConfig(parse(JSON.stringify({ ...RIGHT, ...changes })), Date.now());
const notRight = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ level }) => level !== 'right').map(({ level, text }) => `${level} ${text}`);

describe('settings', () => {
  it('that are right give one line', async () => {
    expect(await examine({})).toEqual([
      { level: 'right', text: '1 agent, 1 data source, 4 issuers' },
    ]);
  });

  test.each([
    [{ grpc: {} }, /^risk grpc\.listen is 0\.0\.0\.0:50051, in plaintext; Webex needs TLS$/u],
    [{ admin: { listen: '0.0.0.0:9090' } }, /^risk admin\.listen is .*every network/u],
    [{ admin: { listen: '8.8.8.8:9090' } }, /^risk admin\.listen is .*a public address/u],
    [{ trust: { replay: { policy: 'off' } } }, /^risk trust\.replay\.policy is off/u],
    [{ trust: { requireCustomerOrgId: false } }, /^risk trust\.requireCustomerOrgId is false/u],
    [
      { trust: { issuers: [{ issuer: 'http://127.0.0.1/idb' }] } },
      /^risk the issuer .* development$/u,
    ],
    [
      { agents: ['a', 'b'].map((id) => ({ id, bot: { use: 'echo' } })) },
      /^risk no agent is the default/u,
    ],
    [
      { dataSources: [{ ...SOURCE, schema: 'media-forking' }] },
      /^risk no data source is for voice-virtual-agent/u,
    ],
    [{ agents: [{ id: 'a', bot: { use: './gone.ts' } }] }, /^wrong agents\[0\]\.bot: .*no such/u],
  ])('%j are worth a line', async (changes, words) => {
    const found = notRight(await examine(changes));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(words);
  });

  test.each(['10.0.0.1', '192.168.1.1', '[fd00::1]', '127.0.0.2', 'admin.internal'])(
    'an admin port at %s is nobody’s business',
    async (host) => {
      expect(notRight(await examine({ admin: { listen: `${host}:9090` } }))).toEqual([]);
    },
  );
});

describe('certificate files', () => {
  let authority: TestAuthority;
  beforeAll(async () => {
    authority = await createAuthority('Somebody’s Root');
  });

  async function examineFiles(certificate: TestCertificate): Promise<readonly string[]> {
    const { folder, certFile, keyFile } = await writeTlsFiles(certificate);
    onTestFinished(() => rm(folder, { recursive: true }));
    return notRight(
      await examine({ grpc: { listen: '0.0.0.0:0', tls: { cert: certFile, key: keyFile } } }),
    );
  }
  const NOT_PUBLIC =
    'risk the file holds one certificate, and no public authority signed it itself';

  it('of a private authority want a chain', async () => {
    expect(await examineFiles(await authority.issue(['voice.example.com']))).toEqual([NOT_PUBLIC]);
    const below = await authority.createIntermediate('Somebody’s Intermediate');
    const { cert, key } = await below.issue(['voice.example.com']);
    expect(await examineFiles({ cert, key })).toEqual([
      'risk the chain leads to an authority that is not public',
    ]);
    const blocks = cert.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/gu) ?? [];
    const shuffled = [blocks[0], authority.cert, blocks[1]].join('\n');
    expect((await examineFiles({ cert: shuffled, key }))[0]).toMatch(/^wrong the chain is broken/u);
  });

  it('that do not name the host of a data source are worth a look', async () => {
    const other = await authority.issue(['a.example.com']);
    expect(await examineFiles(other)).toContain(
      'risk the certificate is for “a.example.com”, “127.0.0.1”, not for voice.example.com of a data source',
    );
    expect(await examineFiles(await authority.issue(['*.example.com']))).toEqual([NOT_PUBLIC]);
  });

  it('that have expired are wrong, and those that soon will are worth a look', async () => {
    const until = (days: number) =>
      authority.issue(['voice.example.com'], { expiresAt: new Date(Date.now() + days * DAY_MS) });
    expect(await examineFiles(await until(5))).toContain('risk the certificate expires in 5 days');
    const certificate = await until(5);
    const { folder, certFile, keyFile } = await writeTlsFiles(certificate);
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = parse(
      JSON.stringify({ ...RIGHT, grpc: { tls: { cert: certFile, key: keyFile } } }),
    );
    expect(notRight(await examineConfig(config, Date.now() + 8 * DAY_MS))).toContain(
      'wrong the certificate expired 3 days ago',
    );
  });

  it('that are self-signed are worth a look', async () => {
    expect(await examineFiles(authority)).toContain('risk the certificate is self-signed');
  });

  it('that do not fit together are wrong', async () => {
    const [{ cert }, { key }] = await Promise.all([
      authority.issue(['voice.example.com']),
      authority.issue(['voice.example.com']),
    ]);
    expect(await examineFiles({ cert, key })).toEqual([
      'wrong grpc.tls: the private key is not the one of the certificate',
    ]);
    expect((await examineFiles({ cert: 'no PEM', key }))[0]).toMatch(/^wrong grpc\.tls: /u);
  });

  it('that are not there are told once', async () => {
    const folder = await writeTlsFiles({ cert: '', key: '' });
    onTestFinished(() => rm(folder.folder, { recursive: true }));
    await writeFile(folder.keyFile, '');
    await rm(folder.certFile);
    const tls = { cert: folder.certFile, key: folder.keyFile };
    const found = notRight(await examine({ grpc: { tls } }));
    expect(found).toEqual([expect.stringMatching(/^wrong grpc\.tls\.cert: .*cannot be read$/u)]);
  });
});
