import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';

import { afterAll, expect, it } from 'vitest';

import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { createAuthority } from '../support/certificates.ts';
import { startGatewayProcesses } from '../support/gateway-processes.ts';
import { PAUSE_MS, startCallers } from '../support/many-callers.ts';

const CALLS = 200;
const CONNECTIONS = 4;

const closers: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** The serial number of the certificate that a new connection sees. */
function serialNumber(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, ca, servername: 'localhost', ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

it('a new certificate fails no turn of two hundred callers, and new connections see it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'byova-certificates-'));
  closers.push(() => rm(folder, { recursive: true }));
  const authority = await createAuthority('gateways');
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const issue = async (): Promise<void> => {
    const issued = await authority.issue(['localhost']);
    await Promise.all([writeFile(cert, issued.cert), writeFile(key, issued.key)]);
  };
  await issue();
  const processes = await startGatewayProcesses(
    1,
    {
      agents: [{ id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hi.' } } }],
      conversation: { shedding: { loopDelayMs: 60_000 } },
    },
    { cert, key },
  );
  closers.push(processes.close);
  const [gateway] = processes.gateways;
  if (gateway === undefined) throw new Error('nothing was started');
  const connections: Webex[] = Array.from({ length: CONNECTIONS }, () =>
    connectWebex({
      target: `127.0.0.1:${gateway.grpcPort}`,
      tls: { ca: authority.cert, serverName: 'localhost' },
      token: processes.token,
    }),
  );
  closers.push(() => connections.forEach((webex) => webex.close()));
  const calls = startCallers(CALLS, connections);
  await sleep(2 * PAUSE_MS);
  const before = await serialNumber(gateway.grpcPort, authority.cert);
  await issue();
  await gateway.logged('tls.reloaded');
  expect(await serialNumber(gateway.grpcPort, authority.cert)).not.toBe(before);
  await sleep(PAUSE_MS);
  const { turns, failures } = await calls.stop();
  expect(failures).toEqual([]);
  expect(turns).toBeGreaterThan(CALLS * 3);
}, 90_000);
