import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { rm, writeFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';

import { Registry } from 'prom-client';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { type Admin, startAdmin } from '../../src/admin/start-admin.ts';
import { createDataSources } from '../../src/auth/data-sources.ts';
import {
  type TestAuthority,
  type TestCertificate,
  createAuthority,
  writeTlsFiles,
} from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const TOKEN = 'operator-canary-token';
const BEARER = { authorization: `Bearer ${TOKEN}` };

let root: TestAuthority;
let server: TestCertificate;
let operator: TestCertificate;
let stranger: TestCertificate;
beforeAll(async () => {
  root = await createAuthority('Operators');
  server = await root.issue(['admin.test']);
  operator = await root.issue(['prometheus.test']);
  stranger = await (await createAuthority('Somebody')).issue(['prometheus.test']);
});

let admin: Admin;
let files: Awaited<ReturnType<typeof writeTlsFiles>>;
let clock: ReturnType<typeof createFakeClock>;
let log: ReturnType<typeof createLogRecorder>;
beforeEach(() => {
  clock = createFakeClock();
  log = createLogRecorder();
});
afterEach(async () => {
  await admin.close();
  expect(clock.pending()).toBe(0);
  await rm(files.folder, { recursive: true });
});

async function start(clientCa?: string): Promise<void> {
  files = await writeTlsFiles(server, clientCa);
  admin = await startAdmin(
    { host: '127.0.0.1', port: 0, tls: files },
    {
      clock,
      logger: log.logger,
      readiness: () => ({ state: 'ready', reasons: [], notices: [] }),
      registry: new Registry(),
      operations: {
        token: TOKEN,
        revocations: {
          ...createDataSources([]),
          revoke: () => ({ conversations: 0, streams: 0 }),
        },
      },
    },
  );
}

/** Asks over a connection of its own. @returns The status and the names of the server's certificate. */
async function ask(path: string, options: RequestOptions = {}) {
  const asked = request({
    host: '127.0.0.1',
    servername: 'admin.test',
    port: admin.port,
    path,
    ca: root.cert,
    agent: false,
    ...options,
  }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const names = (response.socket as TLSSocket).getPeerCertificate().subjectaltname ?? '';
  response.resume();
  await once(response, 'close');
  return { status: response.statusCode, names };
}

describe('the admin port with certificates', () => {
  it('speaks TLS, and asks nobody for a certificate unless it is told to', async () => {
    await start();
    expect((await ask('/livez')).names).toContain('DNS:admin.test');
    expect((await ask('/metrics')).status).toBe(200);
    expect((await ask('/revocations', { headers: BEARER })).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${admin.port}/livez`)).rejects.toThrow();
  });

  it.each(['/livez', '/readyz', '/startupz', '/dependencies', '/any/v1/ping'])(
    'answers a probe of %s without a certificate, since a kubelet has none',
    async (path) => {
      await start(root.cert);
      expect((await ask(path)).status).toBe(200);
    },
  );

  it.each(['/metrics', '/revocations'])(
    'gives %s to who has a certificate of the authority, and to nobody else',
    async (path) => {
      await start(root.cert);
      expect((await ask(path, { headers: BEARER })).status).toBe(403);
      expect((await ask(path, { headers: BEARER, ...stranger })).status).toBe(403);
      expect((await ask(path, { headers: BEARER, ...operator })).status).toBe(200);
      expect(log.events().filter((event) => event === 'admin.refused')).toHaveLength(2);
    },
  );

  it('asks for the token all the same: a certificate that may read may not yet change anything', async () => {
    await start(root.cert);
    expect((await ask('/revocations', operator)).status).toBe(401);
  });

  it('takes a certificate that is renewed, without a restart', async () => {
    await start(root.cert);
    const renewed = await root.issue(['admin.test', 'renewed.test']);
    await writeFile(files.certFile, renewed.cert);
    await writeFile(files.keyFile, renewed.key);
    await vi.waitFor(async () => {
      clock.advance(10_000);
      expect((await ask('/livez')).names).toContain('renewed.test');
    });
    expect(log.events()).toContain('tls.reloaded');
    expect((await ask('/metrics')).status).toBe(403);
    expect((await ask('/metrics', operator)).status).toBe(200);
  });

  it('keeps its certificate when the files do not fit', async () => {
    await start();
    await writeFile(files.keyFile, operator.key);
    await vi.waitFor(() => {
      clock.advance(10_000);
      expect(log.events()).toContain('tls.reload.failed');
    });
    expect((await ask('/livez')).status).toBe(200);
  });
});

describe('an admin port whose certificates cannot be used', () => {
  it('is not opened', async () => {
    await start();
    const broken = { ...files, keyFile: files.certFile };
    const opened = startAdmin(
      { host: '127.0.0.1', port: 0, tls: broken },
      {
        clock,
        logger: log.logger,
        readiness: () => ({ state: 'ready', reasons: [], notices: [] }),
        registry: new Registry(),
      },
    );
    await expect(opened).rejects.toMatchObject({ code: 'ERR_TRANSPORT_TLS' });
  });
});
