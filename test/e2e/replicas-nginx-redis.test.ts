import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { type GatewayProcesses, startGatewayProcesses } from '../support/gateway-processes.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { PEER_TOKEN, type TurnOutcome, createRoamingCall } from '../support/replica-rig.ts';

const CALLS = 200;
const CONNECTIONS = 4;
/** Between two turns of a call; the bot takes 150 ms for each. */
const PAUSE_MS = 500;
/** How long nginx may still send RPCs to a gateway that is gone. */
const NOTICED_MS = 500;

let redis: RedisServer;
let processes: GatewayProcesses;
let nginx: Nginx;
let connections: Webex[] = [];

beforeAll(async () => {
  redis = await startRedisServer();
  processes = await startGatewayProcesses(3, {
    agents: [{ id: 'counting', default: true, bot: { use: resolve('test/bots/counting.mjs') } }],
    conversation: { shedding: { loopDelayMs: 60_000 }, redis: { url: redis.url } },
    peers: { listen: '127.0.0.1:0', token: PEER_TOKEN },
  });
  nginx = await startNginx(processes.gateways.map(({ grpcPort }) => grpcPort));
  connections = Array.from({ length: CONNECTIONS }, () =>
    connectWebex({
      target: nginx.target,
      tls: { ca: nginx.ca, serverName: 'localhost' },
      token: processes.token,
    }),
  );
}, 60_000);
afterAll(async () => {
  for (const webex of connections) webex.close();
  await nginx.close();
  await processes.close();
  await redis.kill();
});

interface TakenTurn extends TurnOutcome {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Calls whose every turn goes to the next gateway, and tells how many turns its call had. */
function startLoad() {
  const over = new AbortController();
  const run = async (index: number): Promise<readonly TakenTurn[]> => {
    const webex = connections[index % connections.length];
    if (webex === undefined) return [];
    const call = createRoamingCall();
    await sleep((index / CALLS) * PAUSE_MS);
    const turns: TakenTurn[] = [];
    const take = async (turn: () => Promise<TurnOutcome>): Promise<void> => {
      const startedAtMs = Date.now();
      const outcome = await turn();
      turns.push({ ...outcome, startedAtMs, endedAtMs: Date.now() });
    };
    await take(() => call.start(webex));
    while (!over.signal.aborted) {
      await sleep(PAUSE_MS);
      await take(() => call.event(webex, 'slow'));
    }
    await take(() => call.press(webex, '#'));
    return turns;
  };
  const calls = Promise.all(Array.from({ length: CALLS }, (_, index) => run(index)));
  return {
    async stop() {
      over.abort();
      return calls;
    },
  };
}

const countOf = ({ told }: TakenTurn): number => Number(told?.['count']);

/** How far the count went from one answered turn to the next. */
function stepsOf(turns: readonly TakenTurn[]): readonly number[] {
  const counts = turns.filter(({ code, told }) => code === 0 && told !== undefined).map(countOf);
  return counts.slice(1).map((count, index) => count - (counts[index] ?? 0));
}

describe('three gateways behind nginx that take turns', () => {
  it('lose no call when one of them is killed: only turns fail that it was answering', async () => {
    const load = startLoad();
    await sleep(3_000);
    processes.gateways[1]?.signal('SIGKILL');
    const killedAtMs = Date.now();
    await sleep(4_000);
    const calls = await load.stop();
    const turns = calls.flat();
    const failed = turns.filter(({ code }) => code !== 0);
    const underWay = turns.filter(
      ({ startedAtMs, endedAtMs }) => startedAtMs <= killedAtMs && endedAtMs >= killedAtMs,
    );
    process.stdout.write(
      `${turns.length} turns of ${CALLS} calls, ${underWay.length} under way at three gateways when one was killed, ${failed.length} failed\n`,
    );
    expect(turns.length).toBeGreaterThan(CALLS * 4);
    expect(failed.filter(({ startedAtMs }) => startedAtMs > killedAtMs + NOTICED_MS)).toEqual([]);
    expect(failed.length).toBeLessThanOrEqual(underWay.length);
    for (const call of calls) {
      expect(call.filter(({ code }) => code !== 0).length).toBeLessThanOrEqual(1);
      expect(call.at(-1)?.code).toBe(0);
      // A turn that failed may have been noted down all the same.
      const steps = stepsOf(call);
      expect(steps.every((step) => step === 1 || step === 2)).toBe(true);
      if (call.every(({ code }) => code === 0)) expect(new Set(steps)).toEqual(new Set([1]));
    }
    await processes.gateways[1]?.ended();
    await processes.gateways[1]?.start();
    await sleep(6_000);
  }, 60_000);

  it('answer every turn while Redis is killed and started again, and agree again after that', async () => {
    const load = startLoad();
    await sleep(2_000);
    await redis.kill();
    await sleep(2_000);
    await redis.start();
    const restartedAtMs = Date.now();
    await sleep(8_000);
    const calls = await load.stop();
    expect(calls.flat().filter(({ code }) => code !== 0)).toEqual([]);
    const slowest = Math.max(...calls.flat().map((turn) => turn.endedAtMs - turn.startedAtMs));
    expect(slowest).toBeLessThan(5_000);
    let changed = 0;
    for (const call of calls) {
      const steps = stepsOf(call);
      if (new Set(steps).size > 1) changed += 1;
      const after = call.filter(({ startedAtMs }) => startedAtMs > restartedAtMs + 4_000);
      expect(after.length).toBeGreaterThan(2);
      expect(new Set(stepsOf(after))).toEqual(new Set([1]));
    }
    process.stdout.write(
      `${calls.flat().length} turns, none failed, the slowest took ${slowest} ms; ${changed} of ${CALLS} calls went on from an older state while Redis was away\n`,
    );
  }, 60_000);
});
