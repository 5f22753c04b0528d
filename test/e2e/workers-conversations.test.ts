import { resolve } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { connectWebex } from '../../src/simulator/caller.ts';
import { type GatewayProcesses, startGatewayProcesses } from '../support/gateway-processes.ts';
import { type TurnOutcome, createRoamingCall } from '../support/replica-rig.ts';

const TIMEOUT_MS = 30_000;
const bot = (live: boolean) => ({ use: resolve('test/bots/counting.mjs'), options: { live } });

let rig: GatewayProcesses;

beforeAll(async () => {
  rig = await startGatewayProcesses(
    1,
    {
      agents: [
        { id: 'counting', default: true, bot: bot(false) },
        { id: 'live', bot: bot(true) },
      ],
    },
    undefined,
    ['--workers', '2'],
  );
  await vi.waitFor(() => expect(rig.gateways[0]?.workers).toHaveLength(2), { timeout: TIMEOUT_MS });
}, TIMEOUT_MS);
afterAll(async () => rig.close());

/** Turns on connections of their own, which go to one worker after the other. */
async function onNewConnections(
  turns: readonly ((webex: ReturnType<typeof connectWebex>) => Promise<TurnOutcome>)[],
): Promise<readonly TurnOutcome[]> {
  const outcomes: TurnOutcome[] = [];
  for (const turn of turns) {
    const webex = connectWebex({
      target: `127.0.0.1:${rig.gateways[0]?.grpcPort}`,
      token: rig.token,
    });
    try {
      outcomes.push(await turn(webex));
    } finally {
      webex.close();
    }
  }
  return outcomes;
}

const told = (outcomes: readonly TurnOutcome[], name: string) =>
  outcomes.slice(1).map((outcome) => outcome.told?.[name]);

it(
  'a call goes on whichever worker its next turn reaches',
  async () => {
    const call = createRoamingCall();
    const outcomes = await onNewConnections([
      (webex) => call.start(webex),
      ...Array.from(
        { length: 5 },
        () => (webex: ReturnType<typeof connectWebex>) => call.event(webex),
      ),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(told(outcomes, 'count')).toEqual([2, 3, 4, 5, 6]);
    expect(new Set(told(outcomes, 'process')).size).toBe(2);
  },
  TIMEOUT_MS,
);

it(
  'a call whose bot keeps it stays with one worker, and goes on at another when that is killed',
  async () => {
    const call = createRoamingCall(undefined, 'live');
    const next = (webex: ReturnType<typeof connectWebex>) => call.event(webex);
    const outcomes = await onNewConnections([(webex) => call.start(webex), next, next, next]);
    expect(told(outcomes, 'here')).toEqual([2, 3, 4]);
    const [owner] = new Set(told(outcomes, 'process'));
    expect(new Set(told(outcomes, 'process')).size).toBe(1);
    process.kill(Number(owner), 'SIGKILL');
    // Until then Node.js deals out connections to it as well.
    await rig.gateways[0]?.logged('worker.died');
    const [after] = await onNewConnections([next]);
    expect(after).toMatchObject({ code: 0, told: { count: 5, here: 1 } });
    expect(after?.told?.['process']).not.toBe(owner);
    await vi.waitFor(() => expect(rig.gateways[0]?.workers).toHaveLength(3), {
      timeout: TIMEOUT_MS,
    });
    const later = await onNewConnections([next, next, next]);
    expect(later.map((outcome) => outcome.told?.['count'])).toEqual([6, 7, 8]);
  },
  TIMEOUT_MS,
);
