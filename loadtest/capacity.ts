// How many processes, how much memory, network, Redis and balancer so many calls take: arithmetic with the figures that other load tests
// measured, a simulation of very many calls, and a check of the arithmetic against a load.
//   npm run loadtest:capacity -- [--calls-per-hour n] [--call-seconds n] [--turns n] [--prompt-bytes n] [--frames n] [--utilisation share]
//     [--bot kind] [--balancer name] [--organisations n] [--simulate] [--check] [--write]
// Run loadtest:costs before, with --write.
import { parseArgs } from 'node:util';

import { type CheckFigures, checkModel } from './support/capacity-check.ts';
import { measureWire, readCapacityInputs } from './support/capacity-inputs.ts';
import { type Demand, type Policy, cpuOfCalls, planCapacity } from './support/capacity-model.ts';
import {
  type Simulated,
  plotSimulation,
  toCheckTable,
  toPlanTable,
  toSheet,
  toSimulationTable,
} from './support/capacity-report.ts';
import { simulate } from './support/capacity-simulation.ts';
import { pinLoad } from './support/child-server.ts';
import { machine, table, writeReport } from './support/report.ts';
import { toUnitCosts } from './support/unit-costs.ts';

/** Calls at once that are looked at unless a demand is given. */
const SIZES = [1_000, 10_000, 1_000_000];
const SIMULATED = [10_000, 1_000_000];
const SIMULATED_SECONDS = 60;
const DEATH_AT_SECOND = 30;
const SEED = 1;
const MAX_OFF = 0.3;
const SECONDS_PER_HOUR = 3_600;
const CHECK = { calls: 300, keysPerSecond: 40, callsPerSecond: 10, seconds: 10 };

const { values: flags } = parseArgs({
  options: {
    'calls-per-hour': { type: 'string' },
    'call-seconds': { type: 'string', default: '180' },
    turns: { type: 'string', default: '12' },
    'prompt-bytes': { type: 'string', default: '32768' },
    frames: { type: 'string', default: '50' },
    utilisation: { type: 'string', default: '0.6' },
    bot: { type: 'string', default: 'script' },
    balancer: { type: 'string', default: 'haproxy' },
    organisations: { type: 'string', default: '100' },
    simulate: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);

pinLoad();
const { figures, more, files } = await readCapacityInputs();
const costs = toUnitCosts(figures, more);
const wire = measureWire();
const policy: Policy = {
  utilisation: Number(flags.utilisation),
  blocking: 1e-4,
  spareReplicas: 1,
  sharesCalls: true,
  balancer: flags.balancer,
  callsPerConnection: 50,
};
const meanCallSeconds = Number(flags['call-seconds']);
const demandOf = (callsPerHour: number): Demand => ({
  callsPerHour,
  meanCallSeconds,
  turnsPerCall: Number(flags.turns),
  promptBytes: Number(flags['prompt-bytes']),
  framesPerSecond: Number(flags.frames),
  organisations: Number(flags.organisations),
  bot: flags.bot,
});
const callsPerHourOf = (calls: number): number => (calls * SECONDS_PER_HOUR) / meanCallSeconds;
const hours =
  flags['calls-per-hour'] === undefined
    ? SIZES.map(callsPerHourOf)
    : [Number(flags['calls-per-hour'])];
const [example = 0] = hours;
if (!(flags.bot in costs.botMicros)) throw new TypeError(`no such bot was measured: ${flags.bot}`);

const sections = [
  '```sh',
  'npm run loadtest:capacity -- --write',
  '```',
  '',
  table(
    ['assumed', ''],
    [
      ['length of a call', `${meanCallSeconds} s`],
      ['turns a call', flags.turns],
      [
        'sound of an answer',
        `${Number(flags['prompt-bytes']) / 8_192} s (${flags['prompt-bytes']} bytes)`,
      ],
      ['frames a second, each caller', flags.frames],
      ['bot', `\`${flags.bot}\``],
      ['utilisation of a core at the peak', `${policy.utilisation * 100} %`],
      ['calls that may find no room', `1 in ${1 / policy.blocking}`],
      ['processes that may be missing', String(policy.spareReplicas)],
      ['organisations', flags.organisations],
      ['calls on a connection of Webex', String(policy.callsPerConnection)],
      ['calls are shared through Redis; balancer', flags.balancer],
    ],
  ),
  '',
  `Prices come from ${files.map((file) => `[${file}](${file})`).join(', ')}.`,
  '',
  toSheet(demandOf(example), policy, costs),
  '',
  toPlanTable(
    hours.map((callsPerHour) => {
      const demand = demandOf(callsPerHour);
      return [demand, planCapacity(demand, policy, costs, wire)];
    }),
  ),
];
const simulated = flags.simulate || flags.write ? runSimulations() : [];
if (simulated.length > 0)
  sections.push(
    '',
    `Simulated: ${SIMULATED_SECONDS} s, a process dies at ${DEATH_AT_SECOND} s; the same each time.`,
    '',
    toSimulationTable(simulated),
    '',
    '![How evenly calls lie](../plots/capacity.svg)',
  );
const check = flags.check || flags.write ? await runCheck() : undefined;
if (check !== undefined)
  sections.push('', toCheckTable(check), '', `The check fails beyond ${MAX_OFF * 100} %.`);
sections.push('', machine());
const text = sections.join('\n');
print(`\n${text}`);
if (flags.write)
  await writeReport('capacity', {
    figures: text,
    svg: plotSimulation(simulated),
    json: { node: process.version, policy, files, check },
  });

function runSimulations(): readonly Simulated[] {
  return SIMULATED.flatMap((calls) =>
    (['round-robin', 'hash'] as const).map((balancing) => {
      const demand = demandOf(callsPerHourOf(calls));
      const { callsPerReplica, replicas } = planCapacity(demand, policy, costs, wire);
      const options = {
        calls,
        meanCallSeconds,
        turnsPerCall: demand.turnsPerCall,
        replicas,
        balancing,
        seconds: SIMULATED_SECONDS,
        deathAtSecond: DEATH_AT_SECOND,
        seed: SEED,
      };
      print(`simulating ${calls} calls at ${replicas} processes, ${balancing}`);
      return {
        options,
        figures: simulate(options),
        callsPerReplica,
        cpuOf: (held: number) => cpuOfCalls(held, demand, policy, costs),
      };
    }),
  );
}

async function runCheck(): Promise<CheckFigures> {
  print(`checking with ${CHECK.calls} calls`);
  const figuresOfCheck = await checkModel(
    { ...CHECK, promptBytes: Number(flags['prompt-bytes']) },
    costs,
    print,
  );
  if (!(Math.abs(figuresOfCheck.off) <= MAX_OFF)) {
    print(`the model is off by ${(figuresOfCheck.off * 100).toFixed(0)} %`);
    process.exitCode = 1;
  }
  return figuresOfCheck;
}
