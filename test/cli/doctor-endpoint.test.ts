import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { ServerCredentials } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { examineEndpoint } from '../../src/cli/doctor-endpoint.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import {
  type TestAuthority,
  type TestCertificate,
  createAuthority,
} from '../support/certificates.ts';
import { startGrpcRig } from '../support/grpc-rig.ts';

let authority: TestAuthority;
let localhost: TestCertificate;
beforeAll(async () => {
  authority = await createAuthority('Somebody’s Root');
  localhost = await authority.issue(['localhost']);
});

interface Options {
  readonly ca?: string | undefined;
  readonly client?: TestCertificate;
  readonly timeoutMs?: number;
}

async function examine(url: string, options: Options = {}): Promise<readonly string[]> {
  const { client, timeoutMs = 5_000 } = options;
  const ca = 'ca' in options ? options.ca : authority.cert;
  const found = await examineEndpoint(new URL(url), {
    now: Date.now,
    timeoutMs,
    tls: { ...(ca !== undefined && { ca }), ...client },
  });
  const marks = { right: '✓', risk: '!', wrong: '✗' };
  return found.map(({ level, text }) => `${marks[level]} ${text}`);
}

/** A gateway that refuses a stranger; with a certificate or in plaintext. */
async function startGateway(certificate: TestCertificate | undefined, clientCa?: string) {
  const rig = await startGrpcRig({
    authenticate() {
      throw new GatewayError('ERR_AUTH_MISSING', 'there is no credential');
    },
    ...(certificate && {
      credentials: ServerCredentials.createSsl(
        clientCa === undefined ? null : Buffer.from(clientCa),
        [{ cert_chain: Buffer.from(certificate.cert), private_key: Buffer.from(certificate.key) }],
        clientCa !== undefined,
      ),
    }),
  });
  rig.server.setHealth('SERVING');
  onTestFinished(() => rig.close());
  return rig;
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  // It listens on TCP.
  return (server.address() as AddressInfo).port;
}

describe('an endpoint', () => {
  it('that is right all the way is told step by step', async () => {
    const { server } = await startGateway(localhost);
    const found = await examine(`https://localhost:${server.port}/some/path`);
    expect(found.slice(1)).toEqual([
      '✓ it speaks TLS 1.3',
      '! the certificate is trusted by the given authorities',
      '✓ the certificate is for localhost',
      '✓ the certificate expires in 365 days',
      '✓ ALPN is h2',
      '✓ health of the server: SERVING',
      '✓ health of the voice virtual agent service: SERVING',
      '✓ the gateway refuses a caller without a credential, as it should',
    ]);
    expect(found[0]).toMatch(/^✓ localhost is (?:127\.0\.0\.1|::1)/u);
  });

  it('that is not well, or in plaintext, is told so', async () => {
    const { server } = await startGateway(undefined);
    server.setHealth('NOT_SERVING');
    expect(await examine(`http://127.0.0.1:${server.port}`)).toEqual([
      '! the URL is http: plaintext',
      '✗ health of the server: NOT_SERVING',
      '✗ health of the voice virtual agent service: NOT_SERVING',
      '✓ the gateway refuses a caller without a credential, as it should',
    ]);
    expect((await examine(`https://127.0.0.1:${server.port}`)).at(-1)).toMatch(
      /^✗ .* answers, and not with TLS/u,
    );
  });

  it('with a certificate for another name is not asked for more', async () => {
    const { server } = await startGateway(await authority.issue(['a.example.com']));
    const found = await examine(`https://localhost:${server.port}`);
    expect(found).toContain(
      '✗ this certificate is for “a.example.com”, “127.0.0.1”, not for localhost',
    );
    expect(found.at(-1)).toMatch(/^! the services were not asked/u);
  });

  it('whose certificate nobody trusts is told why', async () => {
    const { server } = await startGateway(localhost);
    expect(await examine(`https://localhost:${server.port}`, { ca: undefined })).toContainEqual(
      expect.stringMatching(/^✗ the server shows a certificate without its chain/u),
    );
    const selfSigned = await startGateway(authority);
    expect(
      await examine(`https://localhost:${selfSigned.server.port}`, { ca: undefined }),
    ).toContain('✗ the certificate is self-signed');
    const old = await authority.issue(['localhost'], {
      expiresAt: new Date(Date.now() - 3 * 3_600_000),
    });
    const expired = await startGateway(old);
    expect(await examine(`https://localhost:${expired.server.port}`)).toContain(
      '✗ the certificate expired 3 hours ago',
    );
  });

  it('that demands a client certificate says so, and takes one', async () => {
    const { server } = await startGateway(localhost, authority.cert);
    const url = `https://localhost:${server.port}`;
    expect((await examine(url)).at(-1)).toMatch(/^✗ .*client certificate/u);
    const client = await authority.issue(['caller.example.com']);
    expect((await examine(url, { client })).at(-1)).toMatch(/^✓ the gateway refuses a caller/u);
  });

  it('that speaks HTTP/1.1 to clients, or no ALPN, is not h2', async () => {
    for (const [protocols, words] of [
      [['http/1.1'], 'it is http/1.1'],
      [undefined, 'it is missing'],
    ] as const) {
      const server = createTlsServer({
        ...localhost,
        ...(protocols && { ALPNProtocols: [...protocols] }),
      });
      const found = await examine(`https://localhost:${await listen(server)}`);
      expect(found).toContain(
        `✗ ALPN is not h2, ${words}: the balancer speaks HTTP/1.1 to clients`,
      );
    }
  });

  it('that speaks old TLS only is told so', async () => {
    const server = createTlsServer({
      ...localhost,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect((await examine(`https://localhost:${await listen(server)}`)).at(-1)).toMatch(
      /^✗ .*speaks no TLS of version 1\.2 or later/u,
    );
  });

  it('whose proxy swallows the paths, or lets anybody in, is not a gateway', async () => {
    const answers = {
      404: /^✗ ListVirtualAgents does not get to the gateway/u,
      401: /^! a caller without a credential is refused, and not by the gateway/u,
    };
    for (const [status, words] of Object.entries(answers)) {
      const server = createSecureServer(localhost, (_request, response) => {
        response.writeHead(Number(status)).end();
      });
      expect((await examine(`https://localhost:${await listen(server)}`)).at(-1)).toMatch(words);
    }
    const open = await startGrpcRig();
    onTestFinished(() => open.close());
    expect((await examine(`http://127.0.0.1:${open.server.port}`)).at(-1)).toMatch(
      /^✗ ListVirtualAgents is answered to a caller without/u,
    );
  });

  it('that is not there, resets or hangs is told within the time', async () => {
    const reset = await listen(createServer((socket) => socket.resetAndDestroy()));
    const hung = await listen(createServer(() => undefined));
    const gone = createServer();
    const port = await listen(gone);
    gone.close();
    await once(gone, 'close');
    expect((await examine(`https://127.0.0.1:${port}`)).at(-1)).toMatch(/refuses the connection/u);
    expect((await examine(`https://127.0.0.1:${reset}`)).at(-1)).toMatch(/broke the connection/u);
    const slow = { timeoutMs: 50 };
    expect((await examine(`https://127.0.0.1:${hung}`, slow)).at(-1)).toMatch(/in time$/u);
    expect((await examine(`http://127.0.0.1:${hung}`, slow)).at(-1)).toMatch(/^✗ /u);
  });

  it('that DNS does not know is not looked for', async () => {
    const found = await examine('https://nowhere.invalid', { timeoutMs: 2_000 });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^✗ nowhere\.invalid /u);
  });
});
