// The gateway, with trust, metrics and call logs, beside a bare grpc-js server and a bare node:http2 server, in alternation.
//   npm run loadtest:matrix -- [seconds a round] [rounds] [--only list|turn-32-kb|turn-4-kb] [--write]
// Under another Node.js: npx --yes --package=node@24 -- npm run loadtest:matrix
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { pinLoad } from './support/child-server.ts';
import {
  type Round,
  type RoundFigures,
  createComparison,
  ratios,
  toRoundSummary,
} from './support/compare.ts';
import { createListRpc, createTurnRpc } from './support/measured-rpc.ts';
import { median, percentile } from './support/percentile.ts';
import { plot, table, toMs, writePlot, writeReport } from './support/report.ts';
import { VARIANT_NAMES, type VariantName, startVariants } from './support/variants.ts';

const CONNECTIONS = 8;
const IN_FLIGHT = 80;
/** A server is slow until its code is compiled. */
const WARM_UP_MS = 6_000;
/** Beyond this share of its core, it is the load that is measured. */
const MAX_LOAD_CPU = 0.9;
/** How much later the gateway's first answer may come than the bare grpc-js server's, at the 99th percentile. */
const MAX_LATER_MS = 3;

/** What is measured, and what the gateway is meant to reach: its rate, of the rate of another. */
const CASES = [
  { id: 'list', name: 'ListVirtualAgents', promptBytes: 0, targets: { 'bare grpc-js': 0.9 } },
  {
    id: 'turn-32-kb',
    name: 'turn, prompt of 32 KB',
    promptBytes: 32_768,
    targets: { 'bare grpc-js': 1.6, 'bare node:http2': 0.45 },
  },
  { id: 'turn-4-kb', name: 'turn, prompt of 4 KB', promptBytes: 4_096, targets: {} },
] as const;

interface Result {
  readonly name: string;
  readonly isTurn: boolean;
  readonly targets: Readonly<Partial<Record<VariantName, number>>>;
  readonly rounds: readonly Round[];
}

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const [seconds = 5, repetitions = 5] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

pinLoad();
const results: Result[] = [];
for (const { id, name, promptBytes, targets } of CASES) {
  if (flags.only !== undefined && flags.only !== id) continue;
  const load = { connections: CONNECTIONS, inFlight: IN_FLIGHT, slices: 1, sliceRpcs: Infinity };
  const variants = await startVariants(promptBytes, ['bare grpc-js', 'bare node:http2']);
  try {
    const comparison = await createComparison(
      id === 'list' ? createListRpc() : createTurnRpc(),
      variants,
    );
    const rounds: Round[] = [];
    show(`${name}, warm-up`, await comparison.round({ ...load, sliceMs: WARM_UP_MS }));
    for (let index = 1; index <= repetitions; index += 1) {
      const round = await comparison.round({ ...load, sliceMs: seconds * 1_000 });
      rounds.push(round);
      show(`${name}, round ${index} of ${repetitions}`, round);
    }
    results.push({ name, isTurn: id !== 'list', targets, rounds });
  } finally {
    await variants.stop();
  }
}

const everyRound = results.flatMap(({ rounds }) => rounds.flatMap((round) => Object.values(round)));
const most = Math.max(...everyRound.map(({ loadCpu }) => loadCpu));
const figures = [
  '```sh',
  `npm run loadtest:matrix -- ${seconds} ${repetitions}${flags.only === undefined ? '' : ` --only ${flags.only}`} --write`,
  '```',
  '',
  table(
    ['RPC', 'gateway, beside', 'RPCs a second', 'target', '', 'round by round', 'by CPU time'],
    results.flatMap(ratioRows),
  ),
  '',
  table(
    ['RPC', 'first answer p99', 'later than bare grpc-js', 'target', '', 'round by round'],
    results.filter(({ isTurn }) => isTurn).map(latencyRow),
  ),
  '',
  table(
    [
      'RPC',
      'server',
      'a second',
      'CPU µs each',
      'first answer p50',
      'p99',
      'errors',
      'load, of a core',
    ],
    results.flatMap(serverRows),
  ),
  '',
  `Medians of ${repetitions} rounds of ${seconds} s after ${WARM_UP_MS / 1_000} s to warm up; ${IN_FLIGHT} RPCs in flight on ${CONNECTIONS} connections. ${
    most < MAX_LOAD_CPU
      ? `The load never took more than ${(most * 100).toFixed(0)} % of its own core.`
      : '**The load had its core full in some rounds, so fast servers were measured too slow.**'
  } Load average of the machine at the end: ${loadavg()[0]?.toFixed(1)}, on ${cpus().length} cores; Node.js ${process.version}.`,
].join('\n');
print(`\n${figures}`);
if (everyRound.some(({ errors }) => Object.keys(errors).length > 0)) {
  print('\nthere were errors');
  process.exitCode = 1;
}
if (flags.write) {
  await writeReport('matrix', {
    figures,
    svg: plot(
      'RPCs a second of the gateway, of those of a bare server',
      results.flatMap(({ name, targets, rounds }) =>
        others().map((other) => ({
          name: `${name}, of ${other}`,
          values: ratios(rounds, other, 'rate').map((ratio) => ratio * 100),
          ...(targets[other] === undefined ? {} : { limit: targets[other] * 100 }),
        })),
      ),
      '%',
    ),
    json: {
      node: process.version,
      seconds,
      connections: CONNECTIONS,
      inFlight: IN_FLIGHT,
      results: results.map(({ name, rounds }) => ({ name, rounds: rounds.map(toRoundSummary) })),
    },
  });
  await writePlot(
    'matrix-first-answer',
    plot(
      `First answer with ${IN_FLIGHT} RPCs in flight`,
      results.flatMap(({ name, rounds }) =>
        VARIANT_NAMES.map((variant) => ({
          name: `${name}, ${variant}`,
          values: of(rounds, variant).flatMap(({ firstAnswersMs }) => firstAnswersMs),
        })),
      ),
    ),
  );
}

function others(): readonly VariantName[] {
  return VARIANT_NAMES.filter((name) => name !== 'gateway');
}

function of(rounds: readonly Round[], variant: VariantName): readonly RoundFigures[] {
  return rounds.flatMap(({ [variant]: figures }) => figures ?? []);
}

function show(name: string, round: Round): void {
  for (const [variant, { rpcsPerSecond, cpuMicrosPerRpc, errors, loadCpu }] of Object.entries(
    round,
  ))
    print(
      `${name}  ${variant.padEnd(15)} ${Math.round(rpcsPerSecond)} a second, ${Math.round(cpuMicrosPerRpc)} µs CPU each, errors ${JSON.stringify(errors)}, load ${(loadCpu * 100).toFixed(0)} % of its core`,
    );
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : '**not met**';
}

function ratioRows({ name, targets, rounds }: Result): (readonly string[])[] {
  return others().map((other) => {
    const rates = ratios(rounds, other, 'rate');
    const { [other]: target } = targets;
    return [
      name,
      other,
      `${median(rates).toFixed(2)} ×`,
      target === undefined ? '' : `${target.toFixed(2)} ×`,
      target === undefined ? '' : verdict(median(rates) >= target),
      rates.map((ratio) => ratio.toFixed(2)).join(', '),
      `${median(ratios(rounds, other, 'cpu')).toFixed(2)} ×`,
    ];
  });
}

function latencyRow({ name, rounds }: Result): readonly string[] {
  const p99s = (variant: VariantName): readonly number[] =>
    of(rounds, variant).map(({ firstAnswersMs }) => percentile(firstAnswersMs, 0.99));
  const bare = p99s('bare grpc-js');
  const later = p99s('gateway').map((p99, index) => p99 - (bare[index] ?? Number.NaN));
  return [
    name,
    toMs(median(p99s('gateway'))),
    toMs(median(later)),
    toMs(MAX_LATER_MS),
    verdict(median(later) <= MAX_LATER_MS),
    later.map(toMs).join(', '),
  ];
}

function serverRows({ name, rounds }: Result): (readonly string[])[] {
  return VARIANT_NAMES.map((variant) => {
    const runs = of(rounds, variant);
    const p = (share: number): string =>
      toMs(median(runs.map(({ firstAnswersMs }) => percentile(firstAnswersMs, share))));
    const errors = runs.flatMap((run) => Object.values(run.errors));
    return [
      name,
      variant,
      median(runs.map(({ rpcsPerSecond }) => rpcsPerSecond)).toFixed(0),
      median(runs.map(({ cpuMicrosPerRpc }) => cpuMicrosPerRpc)).toFixed(0),
      p(0.5),
      p(0.99),
      String(errors.reduce((sum, count) => sum + count, 0)),
      `${(median(runs.map(({ loadCpu }) => loadCpu)) * 100).toFixed(0)} %`,
    ];
  });
}
