import { rm } from 'node:fs/promises';

import {
  type ChannelCredentials,
  type Client,
  Metadata,
  credentials,
  status as Status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { GatewayError } from '../../src/core/gateway-error.ts';
import { createClientNameCheck } from '../../src/transport/client-names.ts';
import { startServerTls } from '../../src/transport/server-tls.ts';
import { PRINCIPAL } from '../support/call-rig.ts';
import {
  type TestAuthority,
  type TestCertificate,
  createAuthority,
  writeTlsFiles,
} from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startGrpcRig } from '../support/grpc-rig.ts';
import { checkHealth } from '../support/health-client.ts';

let authority: TestAuthority;
let webex: TestCertificate;
let rig: Awaited<ReturnType<typeof startGrpcRig>>;
const opened: Client[] = [];
const close: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await createAuthority('Test Root');
  webex = await authority.issue(['insight-orchestrator.intgus1.ciscoccservice.com'], {
    commonName: 'insight-orchestrator',
  });
  const server = await authority.issue(['localhost']);
  const files = await writeTlsFiles(server, authority.cert);
  const tls = await startServerTls(files, {
    clock: createFakeClock(),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  rig = await startGrpcRig({
    credentials: tls.credentials,
    layers: { checkClientName: createClientNameCheck(['*.intgus1.ciscoccservice.com']) },
    authenticate: (header) => {
      if (header === 'Bearer good') return PRINCIPAL;
      throw new GatewayError('ERR_AUTH_MISSING', 'no credential');
    },
  });
  rig.server.setHealth('SERVING');
  close.push(rig.close, tls.close, () => rm(files.folder, { recursive: true }));
});
afterAll(async () => {
  for (const client of opened) client.close();
  for (const action of close) await action();
});
beforeEach(() => rig.log.lines.splice(0));

const channel = (shown?: TestCertificate): ChannelCredentials =>
  credentials.createSsl(
    Buffer.from(authority.cert),
    shown === undefined ? null : Buffer.from(shown.key),
    shown === undefined ? null : Buffer.from(shown.cert),
  );

async function call(shown: TestCertificate | undefined, token: string | undefined) {
  const client = rig.connect(channel(shown));
  opened.push(client);
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const { stream, status } = rig.openStream(metadata, client);
  stream.end();
  return status;
}

describe('mutual TLS', () => {
  it('[check 44] refuses a client without a certificate', async () => {
    expect((await call(undefined, 'good')).code).toBe(Status.UNAVAILABLE);
    await expect
      .poll(() => rig.log.lines[0]?.fields)
      .toMatchObject({ event: 'tls.refused', peer: expect.stringContaining('127.0.0.1') });
  });

  it('[check 44] refuses a certificate of another authority', async () => {
    const other = await createAuthority('Other Root');
    const stranger = await other.issue(['x.intgus1.ciscoccservice.com']);
    expect((await call(stranger, 'good')).code).toBe(Status.UNAVAILABLE);
    await expect
      .poll(() => rig.log.lines.map(({ fields }) => fields))
      .toContainEqual(expect.objectContaining({ event: 'tls.refused' }));
  });

  it('[check 44] refuses an expired certificate', async () => {
    const expired = await authority.issue(['x.intgus1.ciscoccservice.com'], {
      expiresAt: new Date(Date.now() - 1_000),
    });
    expect((await call(expired, 'good')).code).toBe(Status.UNAVAILABLE);
  });

  it('[check 44] refuses another name of the right authority', async () => {
    const other = await authority.issue(['x.intgus2.ciscoccservice.com', 'ciscoccservice.com']);
    const { code, details } = await call(other, 'good');
    expect([code, details]).toEqual([
      Status.UNAUTHENTICATED,
      'ERR_TRANSPORT_CLIENT_NAME: the client certificate carries no name that is allowed here',
    ]);
    expect(rig.log.events()).toEqual(['auth.refused']);
  });

  it('[check 44] refuses the right certificate without a JWS', async () => {
    const { code, details } = await call(webex, undefined);
    expect(code).toBe(Status.UNAUTHENTICATED);
    expect(details).toMatch(/^ERR_AUTH_MISSING/u);
    expect((await call(webex, 'bad')).code).toBe(Status.UNAUTHENTICATED);
  });

  it('lets in the right certificate with a JWS', async () => {
    expect((await call(webex, 'good')).code).toBe(Status.OK);
    const byCommonName = await authority.issue(['other.test'], {
      commonName: 'b.intgus1.ciscoccservice.com',
    });
    expect((await call(byCommonName, 'good')).code).toBe(Status.OK);
  });

  it('[check 45] asks no token of a health probe, but a certificate', async () => {
    const { port } = rig.server;
    expect(await checkHealth('standard', port, '', channel(webex))).toBe('SERVING');
    expect(await checkHealth('cisco', port, '', channel(webex))).toBe('SERVING');
    expect(await checkHealth('standard', port, '', channel())).toBe(Status.UNAVAILABLE);
  });
});
