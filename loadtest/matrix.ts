// The gateway, with trust, metrics and call logs, beside a bare grpc-js server and a bare node:http2 server, in alternation.
//   npm run loadtest:matrix -- [seconds a round] [rounds] [--only list|turn-32-kb|turn-4-kb] [--write]
// Under another Node.js: npx --yes --package=node@24 -- npm run loadtest:matrix
import { parseArgs } from 'node:util';

import { pinLoad } from './support/child-server.ts';
import { type Round, createComparison, toRoundSummary } from './support/compare.ts';
import { createListRpc, createTurnRpc } from './support/measured-rpc.ts';
import {
  type MatrixResult,
  plotFirstAnswers,
  plotRatios,
  toTables,
} from './support/matrix-report.ts';
import { machine, writePlot, writeReport } from './support/report.ts';
import { startVariants } from './support/variants.ts';

const CONNECTIONS = 8;
const IN_FLIGHT = 80;
/** A server is slow until its code is compiled. */
const WARM_UP_MS = 6_000;

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

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const [seconds = 5, repetitions = 5] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

pinLoad();
const results: MatrixResult[] = [];
for (const { id, name, promptBytes, targets } of CASES) {
  if (flags.only !== undefined && flags.only !== id) continue;
  const load = {
    connections: CONNECTIONS,
    inFlight: IN_FLIGHT,
    slices: 1,
    sliceRpcs: Infinity,
    settles: true,
  };
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

const figures = [
  '```sh',
  `npm run loadtest:matrix -- ${seconds} ${repetitions}${flags.only === undefined ? '' : ` --only ${flags.only}`} --write`,
  '```',
  '',
  toTables(results),
  '',
  `Medians of ${repetitions} rounds of ${seconds} s after ${WARM_UP_MS / 1_000} s to warm up; ${IN_FLIGHT} RPCs in flight on ${CONNECTIONS} connections. ${machine()}`,
].join('\n');
print(`\n${figures}`);
const faults = results
  .flatMap(({ rounds }) => rounds.flatMap((round) => Object.values(round)))
  .filter(({ errors }) => Object.keys(errors).length > 0);
if (faults.length > 0) {
  print('\nthere were errors');
  process.exitCode = 1;
}
if (flags.write) {
  await writeReport('matrix', {
    figures,
    svg: plotRatios(results),
    json: {
      node: process.version,
      seconds,
      connections: CONNECTIONS,
      inFlight: IN_FLIGHT,
      results: results.map(({ name, rounds }) => ({ name, rounds: rounds.map(toRoundSummary) })),
    },
  });
  await writePlot('matrix-first-answer', plotFirstAnswers(results));
}

function show(name: string, round: Round): void {
  for (const [variant, { rpcsPerSecond, cpuMicrosPerRpc, errors, loadCpu }] of Object.entries(
    round,
  ))
    print(
      `${name}  ${variant.padEnd(15)} ${Math.round(rpcsPerSecond)} a second, ${Math.round(cpuMicrosPerRpc)} µs CPU each, errors ${JSON.stringify(errors)}, load ${(loadCpu * 100).toFixed(0)} % of its core`,
    );
}
