// Conversations in real time: callers cut in on a bot that talks on, and it answers at once. How soon does the old prompt
// stop, how soon does the new one begin? The gateway on one core, the callers on another.
//   npm run loadtest:conversations -- [calls] [utterances a call] [rounds] [--write]
import { cpus, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import {
  type TimedCall,
  countErrors,
  createCallLoad,
  frameDelays,
  startSpread,
} from './support/call-load.ts';
import { pinLoad } from './support/child-server.ts';
import { observedBetween, startGatewayChild } from './support/gateway-child.ts';
import { median, percentile } from './support/percentile.ts';
import { plot, table, toMs, writeReport } from './support/report.ts';
import { speakUtterances } from './support/utterances.ts';

/** The gateway's default. */
const ONSET_MS = 100;
const MAX_STOP_MS = 60;
const MAX_ANSWER_MS = 10;
const SPREAD_MS = 4_000;
const FEW_CALLS = 10;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    prof: { type: 'boolean', default: false },
  },
});
const [calls = 200, times = 8, rounds = 3] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What one round measured. */
interface Round {
  readonly calls: number;
  readonly stopsMs: readonly number[];
  readonly answersMs: readonly number[];
  readonly delaysMs: readonly number[];
  readonly errors: Readonly<Record<string, number>>;
  /** As the gateway counted: how many, and the share within the bound. */
  readonly serverStops: { readonly count: number; readonly share: number };
  readonly serverAnswers: { readonly count: number; readonly share: number };
  readonly serverCpu: number;
  /** How late the callers' own event loop was: none of it is the gateway's fault. */
  readonly loadLagP99Ms: number;
  /** Of the gateway's event loop, and its longest collection of garbage. */
  readonly serverLagP99Ms: number;
  readonly serverLagMaxMs: number;
  readonly serverGcSeconds: number;
}

pinLoad();
const gateway = await startGatewayChild(
  [
    {
      id: 'talker',
      bot: { use: fileURLToPath(new URL('bots/talker.mjs', import.meta.url)) },
    },
  ],
  flags.prof ? ['--cpu-prof', '--cpu-prof-dir=.cpu-prof'] : [],
);
try {
  const load = createCallLoad(gateway, calls, await speakUtterances());
  const measure = async (count: number): Promise<Round> => {
    const before = await gateway.metrics();
    const startedAt = performance.now();
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const timed: readonly TimedCall[] = await startSpread(count, SPREAD_MS, () =>
      load.call('talker', times),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    lag.disable();
    const after = await gateway.metrics();
    const utterances = timed.flatMap(({ stopwatch }) => stopwatch.utterances);
    const cpu = 'byova_process_cpu_seconds_total';
    return {
      calls: count,
      stopsMs: utterances.flatMap(({ stopMs }) => (stopMs === undefined ? [] : stopMs - ONSET_MS)),
      answersMs: utterances.map(({ answerMs }) => answerMs),
      delaysMs: frameDelays(timed),
      errors: countErrors(timed),
      serverStops: observedBetween(before, after, 'byova_barge_in_stop_seconds', 0.01),
      serverAnswers: observedBetween(before, after, 'byova_first_answer_seconds', 0.01),
      serverCpu: ((after.get(cpu) ?? 0) - (before.get(cpu) ?? 0)) / seconds,
      serverLagP99Ms: (after.get('byova_nodejs_eventloop_lag_p99_seconds') ?? Number.NaN) * 1_000,
      serverLagMaxMs: (after.get('byova_nodejs_eventloop_lag_max_seconds') ?? Number.NaN) * 1_000,
      serverGcSeconds: gcSeconds(after) - gcSeconds(before),
      loadLagP99Ms: lag.percentile(99) / 1e6,
    };
  };
  const show = (name: string, round: Round): void =>
    print(
      `${name}  stop p99 ${toMs(percentile(round.stopsMs, 0.99))}, answer p99 ${toMs(percentile(round.answersMs, 0.99))}, frame delay p99 ${toMs(percentile(round.delaysMs, 0.99))}, ${round.answersMs.length} utterances, gateway CPU ${(round.serverCpu * 100).toFixed(0)} %, its lag p99 ${toMs(round.serverLagP99Ms)}, most ${toMs(round.serverLagMaxMs)}, garbage collection ${(round.serverGcSeconds * 1_000).toFixed(0)} ms, the callers' own lag p99 ${toMs(round.loadLagP99Ms)}, errors ${JSON.stringify(round.errors)}`,
    );

  const few = await measure(FEW_CALLS);
  show(`${FEW_CALLS} calls`, few);
  const many: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const result = await measure(calls);
    many.push(result);
    show(`${calls} calls, round ${round} of ${rounds}`, result);
  }
  load.close();

  const cells = (
    name: string,
    group: readonly Round[],
    pick: (round: Round) => readonly number[],
  ) => {
    const p = (share: number): string =>
      toMs(median(group.map((round) => percentile(pick(round), share))));
    return [
      name,
      group[0]?.calls ?? 0,
      p(0.5),
      p(0.99),
      group.map((round) => toMs(percentile(pick(round), 0.99))).join(', '),
      group.reduce((sum, round) => sum + pick(round).length, 0),
    ];
  };
  const share = (group: readonly Round[], pick: (round: Round) => Round['serverStops']): string =>
    `${(median(group.map((round) => pick(round).share)) * 100).toFixed(2)} %`;
  const errors = many.map((round) => JSON.stringify(round.errors)).join(', ');
  const figures = [
    '```sh',
    `npm run loadtest:conversations -- ${calls} ${times} ${rounds} --write`,
    '```',
    '',
    table(
      ['as the caller sees it', 'calls', 'p50', 'p99', 'p99 of each round', 'samples'],
      [[few], many].flatMap((group) => [
        cells(`speech → old prompt ended, beyond ${ONSET_MS} ms`, group, (round) => round.stopsMs),
        cells('END_OF_INPUT → first audio', group, (round) => round.answersMs),
        cells('frame delay', group, (round) => round.delaysMs),
      ]),
    ),
    '',
    table(
      ['as the gateway counts it', 'calls', 'within 10 ms', 'samples'],
      [[few], many].flatMap((group) => [
        [
          '`byova_barge_in_stop_seconds`',
          group[0]?.calls ?? 0,
          share(group, (round) => round.serverStops),
          group.reduce((sum, round) => sum + round.serverStops.count, 0),
        ],
        [
          '`byova_first_answer_seconds`',
          group[0]?.calls ?? 0,
          share(group, (round) => round.serverAnswers),
          group.reduce((sum, round) => sum + round.serverAnswers.count, 0),
        ],
      ]),
    ),
    '',
    `Quietest round: old prompt ended ${toMs(quietest(many, ({ stopsMs }) => stopsMs))}, first audio ${toMs(quietest(many, ({ answersMs }) => answersMs))}.`,
    '',
    `Errors of each round with ${calls} calls: ${errors}. CPU of the gateway: ${many.map((round) => `${(round.serverCpu * 100).toFixed(0)} %`).join(', ')} of one core; lag p99 of the callers' own event loop: ${many.map((round) => toMs(round.loadLagP99Ms)).join(', ')}. Load average of the machine at the end: ${loadavg()[0]?.toFixed(1)}, on ${cpus().length} cores; Node.js ${process.version}.`,
  ].join('\n');
  print(`\n${figures}`);
  const isWithin =
    median(many.map(({ stopsMs }) => percentile(stopsMs, 0.99))) <= MAX_STOP_MS &&
    median(many.map(({ answersMs }) => percentile(answersMs, 0.99))) < MAX_ANSWER_MS;
  print(`\n${isWithin ? 'within' : 'beyond'} the bounds: ${MAX_STOP_MS} ms, ${MAX_ANSWER_MS} ms`);
  if (!isWithin) process.exitCode = 1;
  if (flags.write)
    await writeReport('conversations', {
      figures,
      svg: plot(
        'How soon the old prompt ends and the new one begins',
        [few, ...many].flatMap((round, index) => [
          {
            name: `old prompt ended, ${round.calls} calls, round ${index}`,
            values: round.stopsMs,
            limit: MAX_STOP_MS,
          },
          {
            name: `first audio, ${round.calls} calls, round ${index}`,
            values: round.answersMs,
            limit: MAX_ANSWER_MS,
          },
        ]),
      ),
      json: {
        node: process.version,
        calls,
        times,
        rounds: [few, ...many].map(({ stopsMs, answersMs, delaysMs, ...rest }) => ({
          ...rest,
          stopMs: quantiles(stopsMs),
          answerMs: quantiles(answersMs),
          frameDelayMs: quantiles(delaysMs),
        })),
      },
    });
} finally {
  await gateway.stop();
}

/** The least p99 of any round: what else runs on the machine only ever adds to it. */
function quietest(rounds: readonly Round[], pick: (round: Round) => readonly number[]): number {
  return Math.min(...rounds.map((round) => percentile(pick(round), 0.99)));
}

function gcSeconds(series: ReadonlyMap<string, number>): number {
  return [...series].reduce(
    (sum, [name, value]) =>
      name.startsWith('byova_nodejs_gc_duration_seconds_sum') ? sum + value : sum,
    0,
  );
}

function quantiles(values: readonly number[]): Readonly<Record<string, number>> {
  return {
    samples: values.length,
    p50: percentile(values, 0.5),
    p90: percentile(values, 0.9),
    p99: percentile(values, 0.99),
    max: Math.max(...values),
  };
}
