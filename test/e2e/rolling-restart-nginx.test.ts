import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { ORGANISATION } from '../support/gateway-rig.ts';
import { type GatewayProcesses, startGatewayProcesses } from '../support/gateway-processes.ts';
import { PAUSE_MS, startCallers } from '../support/many-callers.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';

const CALLS = 200;
const CONNECTIONS = 4;
const AGENTS = [
  { id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } },
];

let processes: GatewayProcesses | undefined;
let nginx: Nginx | undefined;
let connections: Webex[] = [];

beforeAll(async () => {
  const started = await startGatewayProcesses(3, {
    agents: AGENTS,
    conversation: { shedding: { loopDelayMs: 60_000 } },
  });
  processes = started;
  const front = await startNginx(started.gateways.map(({ grpcPort }) => grpcPort));
  nginx = front;
  connections = Array.from({ length: CONNECTIONS }, () =>
    connectWebex({
      target: front.target,
      tls: { ca: front.ca, serverName: 'localhost' },
      token: started.token,
    }),
  );
}, 60_000);
afterAll(async () => {
  for (const webex of connections) webex.close();
  await nginx?.close();
  await processes?.close();
});

it('a rolling restart of three gateways behind nginx fails no turn of two hundred callers', async () => {
  const calls = startCallers(CALLS, connections);
  await sleep(2 * PAUSE_MS);
  if (processes === undefined || nginx === undefined) throw new Error('nothing was started');
  const { gateways } = processes;
  for (const gateway of gateways) {
    const others = gateways.filter((other) => other !== gateway);
    await nginx.setUpstreams(others.map(({ grpcPort }) => grpcPort));
    gateway.signal('SIGTERM');
    expect(await gateway.ended()).toBe(0);
    await gateway.start();
    await nginx.setUpstreams(gateways.map(({ grpcPort }) => grpcPort));
  }
  await sleep(PAUSE_MS);
  const { turns, failures } = await calls.stop();
  expect(failures).toEqual([]);
  // A second each for three restarts, at the least.
  expect(turns).toBeGreaterThan(CALLS * 6);
  expect(gateways.flatMap(({ errors }) => errors)).toEqual([]);
}, 120_000);

it('a new configuration, for one gateway after the other, fails no turn of two hundred callers', async () => {
  if (processes === undefined) throw new Error('nothing was started');
  const { gateways } = processes;
  const calls = startCallers(CALLS, connections);
  await sleep(2 * PAUSE_MS);
  for (const gateway of gateways) {
    await gateway.rewrite({ agents: [...AGENTS, { id: 'second', bot: { use: 'echo' } }] });
    gateway.signal('SIGHUP');
    await gateway.logged('config.reloaded');
    await sleep(PAUSE_MS);
  }
  const { turns, failures } = await calls.stop();
  expect(failures).toEqual([]);
  expect(turns).toBeGreaterThan(CALLS * 4);
  const listing = await connections[0]?.listVirtualAgents(ORGANISATION);
  expect(listing?.agents.map(({ id }) => id)).toEqual(['echo', 'second']);
}, 60_000);
