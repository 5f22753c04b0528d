import type { BalancerCosts } from './cost-balancers.ts';
import type { RedisCosts } from './cost-redis.ts';
import type { Cost } from './cost-rounds.ts';
import type { TalkFigures } from './cost-talk.ts';

/** All that a run of `loadtest:costs` measured; `docs/performance/costs.json` holds one. */
export interface CostFigures {
  /** Version of Node.js. */
  readonly node: string;
  /** Load averages of the machine, over a minute, at the begin and at the end. */
  readonly load: readonly [number, number];
  readonly cores: number;
  /** Of the prompt that all turns have that say nothing else. */
  readonly promptBytes: number;
  readonly turns: readonly Cost[];
  readonly organisations: readonly Cost[];
  readonly tls: readonly Cost[];
  readonly bots: readonly Cost[];
  /** Nobody calls, few do, more do. */
  readonly talk: readonly TalkFigures[];
  readonly balancers: readonly BalancerCosts[];
  readonly redis?: RedisCosts;
}

/** What a cost was measured at, in microseconds; `NaN` when it was not. */
export function microsOf(costs: readonly Cost[], id: string): number {
  return costs.find((cost) => cost.id === id)?.micros ?? Number.NaN;
}

/** How much more one thing costs than another, in microseconds. */
interface CostDifference {
  readonly micros: number;
  /** Its standard error, from how much the rounds differ; `NaN` where there was one round. */
  readonly error: number;
}

/** Compares two costs by their ids. */
export function costDifference(costs: readonly Cost[], id: string, baseId: string): CostDifference {
  const squares = [id, baseId].map((one) => {
    const { rounds = [] } = costs.find((cost) => cost.id === one) ?? {};
    const mean = rounds.reduce((sum, value) => sum + value, 0) / rounds.length;
    const variance = rounds.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return variance / (rounds.length - 1) / rounds.length;
  });
  return {
    micros: microsOf(costs, id) - microsOf(costs, baseId),
    error: Math.sqrt(squares.reduce((sum, square) => sum + square, 0)),
  };
}

/** What talking costs for each frame, in microseconds of CPU time. */
export interface FrameCost {
  readonly calls: number;
  /** Everything divided by frames: what a call that talks costs, turns included. */
  readonly allInMicros: number;
  /** Without what the process does when nobody calls, and without the turns, at the price of a turn with a key. */
  readonly aloneMicros: number;
  /** Share of a core. */
  readonly cpu: number;
}

/** Takes idle work and turns out of what talking cost. */
export function frameCosts(talk: readonly TalkFigures[], turnMicros: number): readonly FrameCost[] {
  const idle = idleCpu(talk);
  return talk
    .filter(({ frames }) => frames > 0)
    .map(({ calls, seconds, cpuMicros, frames, turns }) => ({
      calls,
      allInMicros: cpuMicros / frames,
      aloneMicros: (cpuMicros - idle * seconds * 1e6 - turns * turnMicros) / frames,
      cpu: cpuMicros / 1e6 / seconds,
    }));
}

/** What a process takes of a core when nobody calls. */
export function idleCpu(talk: readonly TalkFigures[]): number {
  const idle = talk.find(({ calls }) => calls === 0);
  return idle === undefined ? 0 : idle.cpuMicros / 1e6 / idle.seconds;
}
