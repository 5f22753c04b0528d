import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { type GatewayProcesses, startGatewayProcesses } from '../support/gateway-processes.ts';
import { createManualCall } from '../support/manual-call.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';

const CALLS = 200;
const CONNECTIONS = 4;
/** Between two turns of a caller. */
const PAUSE_MS = 1_000;

let processes: GatewayProcesses | undefined;
let nginx: Nginx | undefined;
let connections: Webex[] = [];

beforeAll(async () => {
  const started = await startGatewayProcesses(3, {
    agents: [{ id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } }],
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

/** Two hundred callers who press a key every second until they are told to hang up. */
function startCalls() {
  const over = new AbortController();
  let turns = 0;
  const failures: string[] = [];
  const call = async (index: number): Promise<void> => {
    const webex = connections[index % CONNECTIONS];
    if (webex === undefined) return;
    const caller = createManualCall(randomUUID());
    const take = async (turn: Promise<{ readonly code: number; readonly details: string }>) => {
      const { code, details } = await turn;
      turns += 1;
      if (code !== 0) failures.push(`${code} ${details}`);
    };
    await sleep((index / CALLS) * PAUSE_MS);
    await take(caller.start(webex));
    while (!over.signal.aborted) {
      await sleep(PAUSE_MS);
      await take(caller.press(webex, '1'));
    }
    await take(caller.press(webex, '#'));
    failures.push(...caller.violations.map(({ rule }) => rule));
  };
  const calls = Promise.all(Array.from({ length: CALLS }, (_, index) => call(index)));
  return {
    async stop() {
      over.abort();
      await calls;
      return { turns, failures };
    },
  };
}

it('a rolling restart of three gateways behind nginx fails no turn of two hundred callers', async () => {
  const calls = startCalls();
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
