import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import { createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { CREDENTIAL, DATA_SOURCE, ORGANISATION } from '../support/gateway-rig.ts';
import { createManualCall } from '../support/manual-call.ts';
import { findFreePort } from '../support/redis-server.ts';

const ENTRY = resolve(import.meta.dirname, '../../dist/cli/byova.js');
/** Three times what a pipe holds. */
const LOGGED_BYTES = 3 * 64 * 1024;

let folder = '';
let keyServer: KeyServer;
let webex: Webex;
let gateway: ReturnType<typeof spawn>;
let adminPort = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-log-pipe-'));
  const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb' });
  keyServer = await startKeyServer(issuer);
  const grpcPort = await findFreePort();
  adminPort = await findFreePort();
  await writeFile(
    join(folder, 'byova.yaml'),
    JSON.stringify({
      grpc: { listen: `127.0.0.1:${grpcPort}` },
      admin: { listen: `127.0.0.1:${adminPort}` },
      trust: { issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }] },
      dataSources: [{ ...DATA_SOURCE, organizations: [ORGANISATION] }],
      agents: [{ id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hi.' } } }],
    }),
  );
  // A pipe whose other end nobody reads.
  gateway = spawn(process.execPath, [ENTRY, 'serve', '--config', join(folder, 'byova.yaml')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  gateway.stdout?.pause();
  await vi.waitFor(
    async () => expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200),
    { timeout: 20_000, interval: 100 },
  );
  webex = connectWebex({
    target: `127.0.0.1:${grpcPort}`,
    token: issuer.mint(CREDENTIAL),
  });
}, 60_000);
afterAll(async () => {
  webex.close();
  const exited = once(gateway, 'exit');
  gateway.kill('SIGKILL');
  await exited;
  await keyServer.close();
  await rm(folder, { recursive: true });
});

/** A call writes two lines of some 300 bytes. */
async function placeCalls(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const call = createManualCall(randomUUID());
    expect((await call.start(webex)).code).toBe(0);
    expect((await call.press(webex, '#')).code).toBe(0);
    expect(call.violations).toEqual([]);
  }
}

it('a log that nobody reads holds up no call', async () => {
  const calls = Math.ceil(LOGGED_BYTES / 600);
  const lanes = 10;
  await Promise.all(Array.from({ length: lanes }, () => placeCalls(Math.ceil(calls / lanes))));
  expect((await fetch(`http://127.0.0.1:${adminPort}/livez`)).status).toBe(200);
}, 60_000);
