import { setTimeout as wait } from 'node:timers/promises';

import { talk } from './cost-talk.ts';
import { connectKeyCallers } from './key-callers.ts';
import { defaultOrganisation, startMeasuredGateway } from './measured-gateway.ts';
import type { UnitCosts } from './unit-costs.ts';

/** A mixed load: calls in real time, and callers who press keys. */
export interface MixedLoad {
  readonly calls: number;
  readonly keysPerSecond: number;
  /** Calls that begin and end meanwhile. */
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly promptBytes: number;
}

/** What the model said of it, and what it took. */
export interface CheckFigures extends MixedLoad {
  /** As they were counted. */
  readonly framesPerSecond: number;
  readonly turnsPerSecond: number;
  /** Shares of a core. */
  readonly predictedCpu: number;
  readonly measuredCpu: number;
  /** How much the prediction is above what was measured, as a share of it. */
  readonly off: number;
  readonly errors: Readonly<Record<string, number>>;
}

const CALLERS = 40;
const CONNECTIONS = 4;
const BEATS_PER_SECOND = 10;

/** Measures a load, and calculates from what was counted of it what it should take. */
export async function checkModel(
  load: MixedLoad,
  costs: UnitCosts,
  print: (line: string) => void,
): Promise<CheckFigures> {
  const gateway = await startMeasuredGateway({ prompts: { load: load.promptBytes } });
  const callers = await connectKeyCallers({
    ...gateway,
    agentId: 'load',
    leastAnswerBytes: load.promptBytes,
    organisations: defaultOrganisation(gateway),
    callers: CALLERS,
    connections: CONNECTIONS,
  });
  try {
    await callers.begin();
    const edges: { readonly keys: number; readonly calls: number }[] = [];
    const beside = startBeside(load, callers);
    const figures = await talk({
      gateway,
      agentId: 'load',
      calls: load.calls,
      talkSeconds: load.seconds,
      print,
      onEdge: () => Promise.resolve(void edges.push(beside.count())),
    });
    await beside.stop();
    const [from, to] = edges;
    const keysPerSecond = ((to?.keys ?? 0) - (from?.keys ?? 0)) / figures.seconds;
    const callsPerSecond = ((to?.calls ?? 0) - (from?.calls ?? 0)) / figures.seconds;
    const framesPerSecond = figures.frames / figures.seconds;
    const turnsPerSecond = figures.turns / figures.seconds + keysPerSecond;
    const predictedCpu =
      costs.frameCpu(framesPerSecond) +
      (turnsPerSecond * costs.turnMicros(load.promptBytes) + callsPerSecond * costs.callMicros) /
        1e6;
    const measuredCpu = figures.cpuMicros / 1e6 / figures.seconds;
    return {
      ...load,
      framesPerSecond,
      turnsPerSecond,
      callsPerSecond,
      keysPerSecond,
      predictedCpu,
      measuredCpu,
      off: predictedCpu / measuredCpu - 1,
      errors: figures.errors,
    };
  } finally {
    callers.close();
    await gateway.stop();
  }
}

/** Presses keys and places calls at a steady pace, beside calls in real time. */
function startBeside(
  { keysPerSecond, callsPerSecond }: MixedLoad,
  callers: {
    press(keys: number): Promise<number>;
    call(calls: number): Promise<number>;
  },
) {
  const done = { keys: 0, calls: 0, isOver: false };
  const run = async (): Promise<void> => {
    for (let beat = 0; !done.isOver; beat += 1) {
      const dueAtMs = performance.now() + 1_000 / BEATS_PER_SECOND;
      const due = (perSecond: number): number =>
        Math.floor(((beat + 1) * perSecond) / BEATS_PER_SECOND) -
        Math.floor((beat * perSecond) / BEATS_PER_SECOND);
      done.keys += await callers.press(due(keysPerSecond));
      done.calls += await callers.call(due(callsPerSecond));
      const leftMs = dueAtMs - performance.now();
      if (leftMs > 0) await wait(leftMs);
    }
  };
  const running = run();
  // Whoever stops it hears of a failure.
  running.catch(() => undefined);
  return {
    count: () => ({ keys: done.keys, calls: done.calls }),
    async stop() {
      done.isOver = true;
      await running;
    },
  };
}
