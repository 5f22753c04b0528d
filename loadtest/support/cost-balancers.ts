import { setTimeout as wait } from 'node:timers/promises';

import {
  type BalancerName,
  type RunningBalancer,
  startBalancer,
} from '../../test/deploy/balancers.ts';
import { findTool } from '../../test/support/tools.ts';
import { type Cost, type CostItem, measureCosts } from './cost-rounds.ts';
import { talk } from './cost-talk.ts';
import { type CostEffort, PROMPT_BYTES } from './cost-turns.ts';
import { type GatewayChild } from './gateway-child.ts';
import { type KeyCallers, connectKeyCallers } from './key-callers.ts';
import { defaultOrganisation, startMeasuredGateway } from './measured-gateway.ts';
import { readProcessCpu } from './process-cpu.ts';

/** What a balancer costs, and what the gateway behind it. */
export interface BalancerCosts {
  readonly name: BalancerName;
  /** Of the balancer, over TLS. */
  readonly turnMicros: number;
  readonly frameMicros: number;
  /** Of the gateway behind it, its turns included, for each frame; and with the callers on the gateway itself. */
  readonly gatewayFrameMicros: number;
  readonly directFrameMicros: number;
  /** The same for a turn. */
  readonly gatewayTurnMicros: number;
  readonly directTurnMicros: number;
}

const NAMES = ['haproxy', 'nginx', 'envoy'] as const satisfies readonly BalancerName[];
const CALLERS = 40;
const CONNECTIONS = 4;
/** Of keys, before anything is measured: code is compiled meanwhile. */
const WARM_UP_ROUNDS = 8;
const ATTEMPTS = 50;
const ATTEMPT_MS = 100;

/** Balancers with the configurations of `deploy/`, as far as they are installed, in front of one gateway, beside another one. Linux only. */
export async function measureBalancers(effort: CostEffort): Promise<readonly BalancerCosts[]> {
  if (process.platform !== 'linux') return [];
  const names = NAMES.filter((name) => findTool(name) !== undefined);
  if (names.length === 0) return [];
  const gateway = await startMeasuredGateway({ prompts: { load: PROMPT_BYTES } });
  const closing: (() => unknown)[] = [() => gateway.stop()];
  try {
    const direct = await connectCallers(gateway, {});
    await direct.press(effort.keys * WARM_UP_ROUNDS);
    closing.push(() => direct.close());
    const other = await startMeasuredGateway({ prompts: { load: PROMPT_BYTES } });
    closing.push(() => other.stop());
    const costs: BalancerCosts[] = [];
    for (const name of names) {
      const place = {
        grpcPort: Number(gateway.target.split(':')[1]),
        adminPort: gateway.adminPort,
      };
      const balancer = await startBalancer(name, [place, place]);
      closing.push(() => balancer.close());
      const through = await connectPatiently(gateway, balancer);
      closing.push(() => through.close());
      const turns = await measureTurns({ name, balancer, gateway, through, direct }, effort);
      costs.push({
        name,
        ...turns,
        ...(await measureFrames(
          { balancer, gateway, other, turnMicros: turns.turnMicros },
          effort,
        )),
      });
    }
    return costs;
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** A balancer may not listen yet, or not know yet that the gateway is ready. */
async function connectPatiently(
  gateway: GatewayChild,
  balancer: RunningBalancer,
): Promise<KeyCallers> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await connectCallers(gateway, balancer);
    } catch (error) {
      if (attempt === ATTEMPTS)
        throw new Error(`the balancer does not answer: ${balancer.errors()}`, { cause: error });
      await wait(ATTEMPT_MS);
    }
}

async function connectCallers(
  gateway: GatewayChild,
  through: { readonly target?: string; readonly ca?: string },
): Promise<KeyCallers> {
  const callers = await connectKeyCallers({
    target: through.target ?? gateway.target,
    ...(through.ca === undefined ? {} : { ca: through.ca }),
    agentId: 'load',
    leastAnswerBytes: PROMPT_BYTES,
    organisations: defaultOrganisation(gateway),
    callers: CALLERS,
    connections: CONNECTIONS,
  });
  try {
    await callers.begin();
    return callers;
  } catch (error) {
    callers.close();
    throw error;
  }
}

/** Each turn is paid for by two: the gateway is asked in the rounds, the balancer before and after each of its own. */
async function measureTurns(
  parts: {
    readonly name: BalancerName;
    readonly balancer: RunningBalancer;
    readonly gateway: GatewayChild;
    readonly through: KeyCallers;
    readonly direct: KeyCallers;
  },
  effort: CostEffort,
): Promise<Pick<BalancerCosts, 'turnMicros' | 'gatewayTurnMicros' | 'directTurnMicros'>> {
  const { name, balancer, gateway, through, direct } = parts;
  let balancerMicros = 0;
  let turns = 0;
  const items: CostItem[] = [
    {
      id: 'direct',
      name: 'turn, gateway, callers on itself',
      run: () => direct.press(effort.keys),
      cpuMicros: gateway.cpuMicros,
    },
    {
      id: 'through',
      name: `turn, gateway behind ${name}`,
      async run() {
        const before = await readProcessCpu(balancer.processId);
        const pressed = await through.press(effort.keys);
        balancerMicros += (await readProcessCpu(balancer.processId)) - before;
        turns += pressed;
        return pressed;
      },
      cpuMicros: gateway.cpuMicros,
    },
  ];
  const costs: readonly Cost[] = await measureCosts(items, effort);
  effort.print(`  turn, ${name} itself: ${(balancerMicros / turns).toFixed(1)} µs`);
  return {
    turnMicros: balancerMicros / turns,
    directTurnMicros: costs[0]?.micros ?? Number.NaN,
    gatewayTurnMicros: costs[1]?.micros ?? Number.NaN,
  };
}

/** Calls talk through the balancer and, as many, with a gateway directly, at the same time, so that they find the machine alike. */
async function measureFrames(
  parts: {
    readonly balancer: RunningBalancer;
    readonly gateway: GatewayChild;
    readonly other: GatewayChild;
    readonly turnMicros: number;
  },
  effort: CostEffort,
): Promise<Pick<BalancerCosts, 'frameMicros' | 'gatewayFrameMicros' | 'directFrameMicros'>> {
  const { balancer, gateway, other, turnMicros } = parts;
  const edges: number[] = [];
  const common = { ...effort, calls: effort.talkCalls[0], agentId: 'load' };
  const [through, direct] = await Promise.all([
    talk({
      ...common,
      gateway,
      target: balancer.target,
      ca: balancer.ca,
      onEdge: async () => void edges.push(await readProcessCpu(balancer.processId)),
    }),
    talk({ ...common, gateway: other }),
  ]);
  const [from = Number.NaN, to = Number.NaN] = edges;
  return {
    frameMicros: (to - from - through.turns * turnMicros) / through.frames,
    gatewayFrameMicros: through.cpuMicros / through.frames,
    directFrameMicros: direct.cpuMicros / direct.frames,
  };
}
