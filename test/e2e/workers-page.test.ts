import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import type { DashboardState } from '../../src/admin/dashboard-state.ts';
import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import {
  type GatewayProcesses,
  OPERATOR_TOKEN,
  startGatewayProcesses,
} from '../support/gateway-processes.ts';
import { ORGANISATION } from '../support/gateway-rig.ts';
import { createRoamingCall } from '../support/replica-rig.ts';

const TIMEOUT_MS = 40_000;
const SILENCE = new Uint8Array(160).fill(0xff);
const AGENT = { id: 'counting', default: true, bot: { use: resolve('test/bots/counting.mjs') } };

let rig: GatewayProcesses;
beforeAll(async () => {
  rig = await startGatewayProcesses(1, { agents: [AGENT] }, undefined, ['--workers', '2']);
  await vi.waitFor(() => expect(gateway().workers).toHaveLength(2), { timeout: TIMEOUT_MS });
}, TIMEOUT_MS);
afterAll(async () => rig.close());

function gateway(): GatewayProcesses['gateways'][number] {
  const [only] = rig.gateways;
  if (only === undefined) throw new Error('nothing was started');
  return only;
}

/** Asks the page's API as its script does. */
async function ask<Answer>(path: string, body?: object): Promise<Answer> {
  const url = `http://127.0.0.1:${gateway().adminPort}/dashboard/api/${path}`;
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'application/json' },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as Answer;
}

/** Has one call at each worker that listens to its caller while `look` looks. */
async function withCalls<Result>(
  look: (calls: readonly { conversationId: string; process: unknown }[]) => Promise<Result>,
): Promise<Result> {
  const callers: Webex[] = [];
  const open: ReturnType<Webex['openTurn']>[] = [];
  try {
    const calls = [];
    for (let index = 0; index < 2; index += 1) {
      const webex = connectWebex({ target: `127.0.0.1:${gateway().grpcPort}`, token: rig.token });
      callers.push(webex);
      const call = createRoamingCall();
      await call.start(webex);
      const { told } = await call.event(webex);
      // Workers give a call up between two RPCs: it is theirs while it is listened to.
      const listening = webex.openTurn();
      open.push(listening);
      listening.send(call.write.audio(SILENCE));
      calls.push({ conversationId: call.conversationId, process: told?.['process'] });
    }
    return await look(calls);
  } finally {
    for (const turn of open) turn.cancel();
    for (const webex of callers) webex.close();
  }
}

/** Conversations of which the log tells what it tells at `debug` only. */
const toldInDetail = (): readonly unknown[] =>
  gateway()
    .linesOf('rpc.opened')
    .map(({ conversation }) => conversation);

it(
  'the page of the primary shows the calls of both workers, their turns, and sums',
  async () => {
    await withCalls(async (calls) => {
      expect(new Set(calls.map(({ process }) => process)).size).toBe(2);
      const ids = calls.map(({ conversationId }) => conversationId.slice(0, 8)).sort();
      await vi.waitFor(
        async () => {
          const { calls: seen, counts, bots } = await ask<DashboardState>('state');
          expect(seen.shown.map(({ conversation }) => conversation).sort()).toEqual(ids);
          expect(bots).toMatchObject([
            { agent: 'counting', calls: 2, guard: { breaker: 'closed' } },
          ]);
          // What was counted is asked for twice a second.
          expect(counts.admissions).toMatchObject([{ name: 'admitted', total: 2 }]);
        },
        { timeout: 5_000 },
      );
      const { turns } = await ask<DashboardState>('state');
      expect([...new Set(turns.map(({ conversation }) => conversation))].sort()).toEqual(ids);
      const times = turns.map(({ endedAtMs }) => endedAtMs);
      expect(times).toEqual([...times].sort((a, b) => b - a));
      // A number of a call that is seen will do, whichever worker has it.
      const { calls: live } = await ask<DashboardState>('state');
      for (const { call, conversation } of live.shown)
        expect(await ask('log-levels', { level: 'debug', forSeconds: 1, call })).toMatchObject({
          scope: { type: 'conversation', id: conversation },
        });
    });
  },
  TIMEOUT_MS,
);

it(
  'a log level reaches both workers, and one that starts while it is in force',
  async () => {
    expect(toldInDetail()).toEqual([]);
    const change = { level: 'debug', forSeconds: 600, organization: ORGANISATION };
    await ask('log-levels', change);
    const both = () =>
      withCalls(async (calls) => {
        expect(new Set(calls.map(({ process }) => process)).size).toBe(2);
        await vi.waitFor(() =>
          expect(toldInDetail()).toEqual(
            expect.arrayContaining(calls.map(({ conversationId }) => conversationId)),
          ),
        );
      });
    await both();
    const [victim] = gateway().workers;
    process.kill(Number(victim), 'SIGKILL');
    await gateway().logged('worker.died');
    await vi.waitFor(() => expect(gateway().workers).toHaveLength(3), { timeout: TIMEOUT_MS });
    await both();
    const { logLevels } = await ask<DashboardState>('state');
    expect(logLevels).toMatchObject([{ level: 'debug' }]);
  },
  TIMEOUT_MS,
);

it(
  'a reload that one worker refuses changes nothing in the other',
  async () => {
    const file = join(rig.folder, 'loaded');
    const bot = { use: resolve('test/bots/only-once.mjs'), options: { file } };
    await gateway().rewrite({ agents: [{ id: 'once', default: true, bot }] });
    await vi.waitFor(
      () =>
        expect(gateway().linesOf('config.refused')).toContainEqual(
          expect.objectContaining({ workers: [expect.any(Number)] }),
        ),
      { timeout: TIMEOUT_MS },
    );
    const { bots } = await ask<DashboardState>('state');
    expect(bots.map(({ agent }) => agent)).toEqual(['counting']);
    await withCalls(async (calls) =>
      expect(new Set(calls.map(({ process }) => process)).size).toBe(2),
    );
    await gateway().rewrite({ agents: [{ ...AGENT, id: 'renamed' }] });
    await vi.waitFor(
      () => expect(gateway().linesOf('config.reloaded')).toMatchObject([{ workers: 2 }]),
      { timeout: TIMEOUT_MS },
    );
    const dependencies = `http://127.0.0.1:${gateway().adminPort}/dependencies`;
    expect(await (await fetch(dependencies)).json()).toMatchObject({
      workers: { ready: 2, outdated: 0 },
    });
  },
  TIMEOUT_MS,
);

it(
  'a worker that stands still does not hold the page up, which says so',
  async () => {
    const victim = Number(gateway().workers.at(-1));
    process.kill(victim, 'SIGSTOP');
    try {
      await vi.waitFor(
        async () => {
          const { readiness } = await ask<DashboardState>('state');
          expect(readiness).toMatchObject({ isReady: true, notices: ['worker-silent'] });
        },
        { timeout: TIMEOUT_MS },
      );
    } finally {
      process.kill(victim, 'SIGCONT');
    }
    await vi.waitFor(
      async () => {
        const { readiness } = await ask<DashboardState>('state');
        expect(readiness.notices).toEqual([]);
      },
      { timeout: TIMEOUT_MS },
    );
  },
  TIMEOUT_MS,
);

it(
  'draining from the page drains all workers, and the exit code is 0',
  async () => {
    expect(await ask('drain', { confirm: 'drain' })).toEqual({ state: 'draining' });
    // Only a second signal would cut calls off.
    gateway().signal('SIGTERM');
    expect(await gateway().ended()).toBe(0);
  },
  TIMEOUT_MS,
);
