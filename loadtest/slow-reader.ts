// A hundred clients who ask for a long prompt and never read it, beside a hundred healthy calls: is what waits for them bounded, are they
// cut off in time, do the others notice? The gateway on one core, all clients on another.
//   npm run loadtest:slow-reader -- [slow clients] [healthy calls] [--write]
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startAnsweringGateway } from './support/answering-gateway.ts';
import { pinLoad } from './support/child-server.ts';
import { toFaults } from './support/faults.ts';
import { plotLines } from './support/line-plot.ts';
import { LINE_NOISE } from './support/real-time-call.ts';
import { startRealTimeLoad } from './support/real-time-load.ts';
import { machine, table, toMs, writeReport } from './support/report.ts';
import { type ServerFigures, watchServer } from './support/server-watch.ts';
import { openSlowReaders } from './support/slow-readers.ts';
import { speakUtterances } from './support/utterances.ts';

const HEALTHY_PROMPT_BYTES = 32_768;
/** Two minutes of sound. */
const LONG_PROMPT_BYTES = 1_000_000;
const STALL_SECONDS = 10;
/** Beyond the timer: when it began, and how long the news takes. */
const MAX_STALL_MS = STALL_SECONDS * 1_000 + 5_000;
/** Half a minute of sound, and the chunk that filled it. */
const MAX_WAITING_BYTES = 256 * 1024 + 16_384;
/** Of each slow client, heap, sockets and all. */
const MAX_RESIDENT_BYTES = 1_500_000;
/** Of the healthy calls' own p99 before, or the bound of a good process, whichever is more. */
const MAX_RATIO = 1.5;
const GOOD_DELAY_MS = 20;
const WARM_UP_MS = 8_000;
const PHASE_MS = 10_000;
const SAMPLE_MS = 500;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [slow = 100, calls = 100] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** A stretch of time, as the healthy calls felt it. */
interface Phase {
  readonly name: string;
  readonly server: ServerFigures;
  readonly answerP99Ms: number;
  readonly turnP99Ms: number;
  readonly latenessP99Ms: number;
  readonly turns: number;
}

interface Sample {
  readonly seconds: number;
  readonly residentBytes: number;
  readonly waitingBytes: number;
}

pinLoad();
const utterances = await speakUtterances(LINE_NOISE);
const gateway = await startAnsweringGateway({
  prompts: { load: HEALTHY_PROMPT_BYTES, long: LONG_PROMPT_BYTES },
  settings: {
    grpc: { listen: '127.0.0.1:0', limits: { writeStallTimeoutSeconds: STALL_SECONDS } },
  },
});
try {
  const load = await startRealTimeLoad({
    ...gateway,
    calls,
    connections: Math.ceil(calls / 50),
    utterances,
    agentId: 'load',
  });
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const sample = async (): Promise<void> => {
    const metrics = await gateway.metrics();
    samples.push({
      seconds: (performance.now() - startedAt) / 1_000,
      residentBytes: metrics.get('byova_process_resident_memory_bytes') ?? Number.NaN,
      waitingBytes: metrics.get('byova_queue_bytes{queue="writes"}') ?? Number.NaN,
    });
  };
  const phase = async (name: string, ms: number): Promise<Phase> => {
    load.reset();
    const watch = await watchServer(gateway);
    const endsAt = performance.now() + ms;
    while (performance.now() < endsAt) {
      await wait(Math.min(SAMPLE_MS, Math.max(1, endsAt - performance.now())));
      await sample();
    }
    const { figures, latenessMs } = load;
    const measured: Phase = {
      name,
      server: await watch.take(),
      answerP99Ms: figures.answersMs.percentile(0.99),
      turnP99Ms: figures.turnsMs.percentile(0.99),
      latenessP99Ms: latenessMs.percentile(0.99),
      turns: figures.turnsMs.count,
    };
    for (const [kind, count] of Object.entries(figures.errors))
      errors[kind] = (errors[kind] ?? 0) + count;
    const last = samples.at(-1);
    print(
      `  ${name}: frame delay p99 ${toMs(measured.server.frameDelayP99Ms)}, turn p99 ${toMs(measured.turnP99Ms)}, ${Math.round((last?.waitingBytes ?? 0) / 1e3)} KB wait, resident ${Math.round((last?.residentBytes ?? 0) / 1e6)} MB`,
    );
    return measured;
  };
  const errors: Record<string, number> = {};
  load.start(0, calls, WARM_UP_MS / 2);
  await wait(WARM_UP_MS);
  const alone = await phase('healthy calls alone', PHASE_MS);
  const before = samples.at(-1);
  const readers = await openSlowReaders(gateway, slow, 'long');
  const beside = await phase('beside slow readers', MAX_STALL_MS);
  const most = samples.reduce((a, b) => (b.residentBytes > a.residentBytes ? b : a));
  const waiting = Math.max(...samples.map(({ waitingBytes }) => waitingBytes));
  const ended = readers.ended();
  const afterwards = await phase('afterwards', PHASE_MS);
  readers.close();
  load.close();

  const grown = (most.residentBytes - (before?.residentBytes ?? 0)) / slow;
  const limit = Math.max(alone.server.frameDelayP99Ms * MAX_RATIO, GOOD_DELAY_MS);
  const checks: readonly (readonly [
    name: string,
    measured: string,
    bound: string,
    isKept: boolean,
  ])[] = [
    [
      'waits to be written, most, of each slow client',
      `${Math.round(waiting / slow / 1e3)} KB`,
      `${Math.round(MAX_WAITING_BYTES / 1e3)} KB`,
      waiting / slow <= MAX_WAITING_BYTES,
    ],
    [
      'resident memory, most, of each slow client',
      `${Math.round(grown / 1e3)} KB`,
      `${MAX_RESIDENT_BYTES / 1e3} KB`,
      grown <= MAX_RESIDENT_BYTES,
    ],
    [
      'slow clients cut off',
      `${ended.afterMs.length} of ${slow}, the last after ${toMs(Math.max(0, ...ended.afterMs))}`,
      toMs(MAX_STALL_MS),
      ended.afterMs.length === slow,
    ],
    [
      'frame delay p99 of healthy calls meanwhile',
      `${toMs(beside.server.frameDelayP99Ms)}, ${(beside.server.frameDelayP99Ms / alone.server.frameDelayP99Ms).toFixed(2)} of alone`,
      toMs(limit),
      beside.server.frameDelayP99Ms <= limit,
    ],
    ['errors of healthy calls', toFaults(errors), 'none', Object.keys(errors).length === 0],
  ];
  const figures = [
    '```sh',
    `npm run loadtest:slow-reader -- ${slow} ${calls} --write`,
    '```',
    '',
    table(
      ['', 'measured', 'bound', ''],
      checks.map(([name, measured, bound, isKept]) => [
        name,
        measured,
        bound,
        isKept ? 'kept' : '**broken**',
      ]),
    ),
    '',
    table(
      [
        'healthy calls',
        'frame delay p50',
        'p99',
        'first sound p99',
        'whole turn p99',
        'turns',
        'callers late p99',
        'gateway CPU',
        'RSS',
      ],
      [alone, beside, afterwards].map(({ name, server, ...rest }) => [
        name,
        toMs(server.frameDelayP50Ms),
        toMs(server.frameDelayP99Ms),
        toMs(rest.answerP99Ms),
        toMs(rest.turnP99Ms),
        rest.turns,
        toMs(rest.latenessP99Ms),
        `${(server.cpu * 100).toFixed(0)} %`,
        `${Math.round(server.residentBytes / 1e6)} MB`,
      ]),
    ),
    '',
    `${slow} slow clients, each on a connection of its own, asked for ${LONG_PROMPT_BYTES / 1e6} MB; ${calls} healthy calls. How the slow ones ended: ${toFaults(ended.how)}. ${machine()}`,
    '',
    '![Memory over time](../plots/slow-reader.svg)',
  ].join('\n');
  print(`\n${figures}`);
  if (checks.some(([, , , isKept]) => !isKept)) process.exitCode = 1;
  if (flags.write)
    await writeReport('slow-reader', {
      figures,
      svg: plotLines(`${slow} clients who never read, beside ${calls} healthy calls`, [
        {
          name: 'resident memory, MB',
          points: samples.map(({ seconds, residentBytes }) => [seconds, residentBytes / 1e6]),
        },
        {
          name: 'waits to be written, MB',
          points: samples.map(({ seconds, waitingBytes }) => [seconds, waitingBytes / 1e6]),
        },
      ]),
      json: {
        node: process.version,
        slow,
        calls,
        phases: [alone, beside, afterwards],
        ended,
        samples,
      },
    });
} finally {
  await gateway.stop();
}
