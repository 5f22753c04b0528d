import type { CheckFigures } from './capacity-check.ts';
import {
  type Demand,
  type Plan,
  type Policy,
  callsPerReplica,
  cpuOfCalls,
} from './capacity-model.ts';
import type { SimulationFigures, SimulationOptions } from './capacity-simulation.ts';
import { percentile } from './percentile.ts';
import { plot, table } from './report.ts';
import type { UnitCosts } from './unit-costs.ts';

/** What was simulated, and what it showed. */
export interface Simulated {
  readonly options: SimulationOptions;
  readonly figures: SimulationFigures;
  /** Calls that a replica was planned for. */
  readonly callsPerReplica: number;
  /** Share of its core that a replica takes for so many calls. */
  readonly cpuOf: (calls: number) => number;
}

/** What one call, and one core, come to. */
export function toSheet(demand: Demand, policy: Policy, costs: UnitCosts): string {
  const most = callsPerReplica(demand, policy, costs);
  const each = cpuOfCalls(most, demand, policy, costs) / most;
  const turn = costs.turnMicros(demand.promptBytes) + (costs.botMicros[demand.bot] ?? 0);
  return table(
    ['', ''],
    [
      ['calls on a core, at the chosen utilisation', people(most)],
      ['CPU time of a call, a second of it', `${(each * 1e6).toFixed(0)} µs`],
      [
        'of it for its frames',
        `${((costs.frameCpu(most * demand.framesPerSecond) / most) * 1e6).toFixed(0)} µs`,
      ],
      [
        `a turn, prompt of ${kilobytes(demand.promptBytes)}, bot \`${demand.bot}\``,
        `${turn.toFixed(0)} µs`,
      ],
      ['more when calls are shared', `${costs.sharedTurnMicros.toFixed(0)} µs a turn`],
      ['begin and end of a call', `${costs.callMicros.toFixed(0)} µs`],
      ['a token that is new', `${costs.tokenMicros.toFixed(0)} µs, once`],
      ['a connection with TLS, ECDSA P-256', `${costs.handshakeMicros.toFixed(0)} µs, once`],
      ['more over TLS at the gateway', `${costs.tlsFrameMicros.toFixed(1)} µs a frame`],
      ['memory of a call that talks', kilobytes(costs.callBytes)],
      ['memory of a process beside its calls', megabytes(costs.processBytes)],
      [
        'most calls whose frames were in time',
        costs.mostCalls === undefined ? 'not measured yet' : people(costs.mostCalls),
      ],
    ],
  );
}

/** What several demands take, side by side. */
export function toPlanTable(plans: readonly (readonly [Demand, Plan])[]): string {
  const row = (name: string, pick: (plan: Plan, demand: Demand) => string): readonly string[] => [
    name,
    ...plans.map(([demand, plan]) => pick(plan, demand)),
  ];
  return table(
    ['', ...plans.map(([{ callsPerHour }]) => `${people(callsPerHour)} calls an hour`)],
    [
      row('calls at once, mean', ({ calls }) => people(calls)),
      row('at the peak', ({ peakCalls }) => people(peakCalls)),
      row('turns a second', ({ turnsPerSecond }) => people(turnsPerSecond)),
      row('frames a second', ({ framesPerSecond }) => people(framesPerSecond)),
      row('calls a process may have', (plan) => people(plan.callsPerReplica)),
      row('**processes, one core each**', ({ replicas }) => `**${people(replicas)}**`),
      row('cores at work', ({ cores }) => cores.toFixed(1)),
      row('memory of a process', ({ bytesPerReplica }) => megabytes(bytesPerReplica)),
      row('connections from Webex', ({ connections }) => people(connections)),
      row('streams open', ({ streams }) => people(streams)),
      row('network, in', ({ inBitsPerSecond }) => bits(inBitsPerSecond)),
      row('network, out', ({ outBitsPerSecond }) => bits(outBitsPerSecond)),
      row('balancer, cores at work', ({ balancerCores }) => balancerCores?.toFixed(1) ?? '-'),
      row('Redis: claims, releases, ends a second', ({ redis }) =>
        people(redis?.conversationsPerSecond ?? Number.NaN),
      ),
      row('Redis: heartbeats a second', ({ redis }) =>
        people(redis?.heartbeatsPerSecond ?? Number.NaN),
      ),
      row('Redis: questions about tokens a second, at most', ({ redis }) =>
        people(redis?.replayChecksPerSecond ?? Number.NaN),
      ),
      row('Redis: of a core', ({ redis }) => percent(redis?.cpu ?? Number.NaN)),
      row('**Redis servers**', ({ redis }) => `**${redis?.servers ?? '-'}**`),
      row('Redis: memory', ({ redis }) => megabytes(redis?.bytes ?? Number.NaN)),
    ],
  );
}

/** What the simulation showed. */
export function toSimulationTable(all: readonly Simulated[]): string {
  return table(
    [
      'calls',
      'processes',
      'turns go',
      'calls at a process, p50',
      'p99.9',
      'most',
      'CPU, p50',
      'most',
      'moved by a death',
      'most to one',
      'most CPU after it',
      'questions to Redis, mean',
      'in the second of the death',
    ],
    all.map(({ options, figures, cpuOf }) => {
      const { callsAtReplica: at, callsAfterDeath: after } = figures;
      const questions = figures.questionsPerSecond;
      const ofDeath = questions[options.deathAtSecond ?? -1] ?? Number.NaN;
      return [
        people(options.calls),
        people(options.replicas),
        options.balancing === 'hash' ? 'where the call’s hash says' : 'to the next process',
        people(percentile(at, 0.5)),
        people(percentile(at, 0.999)),
        people(most(at)),
        percent(cpuOf(percentile(at, 0.5))),
        percent(cpuOf(most(at))),
        people(figures.movedCalls),
        people(figures.mostMovedToOne),
        percent(cpuOf(most(after))),
        people(questions.reduce((sum, one) => sum + one, 0) / questions.length),
        people(ofDeath),
      ];
    }),
  );
}

/** Draws how evenly calls lie, in percent of what a process was planned for. */
export function plotSimulation(all: readonly Simulated[]): string {
  return plot(
    'Calls at a process, of those it was planned for',
    all.flatMap(({ options, figures, callsPerReplica: planned }) => {
      const name = `${people(options.calls)} calls, ${options.balancing}`;
      const shares = (calls: readonly number[]): readonly number[] =>
        calls.map((held) => (held / planned) * 100);
      return [
        { name, values: shares(figures.callsAtReplica), limit: 100 },
        { name: 'after a death', values: shares(figures.callsAfterDeath), limit: 100 },
      ];
    }),
    '%',
  );
}

/** What the model said, and what was. */
export function toCheckTable(check: CheckFigures): string {
  return table(
    [
      'calls that talk',
      'frames a second',
      'turns a second',
      'calls begun and ended a second',
      'model',
      'measured',
      'off by',
    ],
    [
      [
        check.calls,
        check.framesPerSecond.toFixed(0),
        check.turnsPerSecond.toFixed(1),
        check.callsPerSecond.toFixed(1),
        percent(check.predictedCpu),
        percent(check.measuredCpu),
        `${check.off > 0 ? '+' : ''}${percent(check.off)}`,
      ],
    ],
  );
}

function most(values: readonly number[]): number {
  return values.reduce((greatest, value) => Math.max(greatest, value), Number.NEGATIVE_INFINITY);
}

function people(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-GB') : '-';
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > -0.1 && share < 0.1 ? 1 : 0)} %`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(0)} KB`;
}

function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${people(bytes / 1e6)} MB` : '-';
}

function bits(perSecond: number): string {
  return perSecond >= 1e9
    ? `${(perSecond / 1e9).toFixed(1)} Gbit/s`
    : `${people(perSecond / 1e6)} Mbit/s`;
}
