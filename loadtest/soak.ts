// Many calls in real time for a long while: does memory grow, do handles, do delays? The gateway on one core, the callers on another.
//   npm run loadtest:soak -- [calls] [minutes] [--write]
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startAnsweringGateway } from './support/answering-gateway.ts';
import { type HeldMemory, pinLoad } from './support/child-server.ts';
import { toFaults } from './support/faults.ts';
import { type LinePanel, plotLines } from './support/line-plot.ts';
import { fitLine } from './support/linear-fit.ts';
import { median } from './support/percentile.ts';
import { LINE_NOISE } from './support/real-time-call.ts';
import { startRealTimeLoad } from './support/real-time-load.ts';
import { machine, table, toMs, writeReport } from './support/report.ts';
import { type ServerFigures, watchServer } from './support/server-watch.ts';
import { speakUtterances } from './support/utterances.ts';

const PROMPT_BYTES = 32_768;
const CALLS_PER_CONNECTION = 50;
const RAMP_MS = 5_000;
/** Caches fill and code is compiled; it is the same for a soak of a minute and of a day. */
const WARM_UP_MS = 30_000;
const SAMPLE_MS = 10_000;
/** Garbage is collected for the scales so often, as a share of the samples; each time the loop stands still. */
const WEIGH_EVERY = 6;
const SHORT_MINUTES = 5;
/** After it nothing is measured for so long. */
const AFTER_WEIGHING_MS = 1_000;
const MAX_DRIFT = 0.1;
/** A delay that is this much longer is the histogram's, or nobody's. */
const DRIFT_STEP_MS = 1;
/** A slope within so many standard errors is noise. */
const NOISE_ERRORS = 2;
/** Or one that would not be seen in a day, in bytes an hour. */
const MAX_SLOPE = 1_000_000;
/** Of resident memory: what it may creep over the whole time, as a share of itself, for a process gives hardly anything back. */
const MAX_CREEP = 0.03;
const SECONDS_PER_HOUR = 3_600;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [calls = 500, minutes = 30] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Sample {
  readonly seconds: number;
  readonly server: ServerFigures;
  readonly memory: HeldMemory;
  /** Whether garbage was collected just before. */
  readonly isWeighed: boolean;
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
  readonly turnP99Ms: number;
  readonly latenessP99Ms: number;
  readonly turns: number;
}

pinLoad();
const utterances = await speakUtterances(LINE_NOISE);
const gateway = await startAnsweringGateway({
  prompts: { load: PROMPT_BYTES },
  options: ['--expose-gc'],
});
try {
  const load = await startRealTimeLoad({
    ...gateway,
    calls,
    connections: Math.ceil(calls / CALLS_PER_CONNECTION),
    utterances,
    agentId: 'load',
  });
  load.start(0, calls, RAMP_MS);
  await wait(RAMP_MS + WARM_UP_MS);
  load.reset();
  const samples: Sample[] = [];
  const errors: Record<string, number> = {};
  const startedAt = performance.now();
  const weighEvery = minutes < SHORT_MINUTES ? 1 : WEIGH_EVERY;
  const count = Math.round((minutes * 60_000) / SAMPLE_MS);
  for (let index = 1; index <= count; index += 1) {
    load.reset();
    const watch = await watchServer(gateway);
    await wait(Math.max(0, startedAt + index * SAMPLE_MS - performance.now()));
    const server = await watch.take();
    const { figures, latenessMs } = load;
    const isWeighed = index % weighEvery === 0;
    const sample: Sample = {
      seconds: (performance.now() - startedAt) / 1_000,
      server,
      answerP50Ms: figures.answersMs.percentile(0.5),
      answerP99Ms: figures.answersMs.percentile(0.99),
      turnP99Ms: figures.turnsMs.percentile(0.99),
      latenessP99Ms: latenessMs.percentile(0.99),
      turns: figures.turnsMs.count,
      isWeighed,
      memory: await gateway.memory(isWeighed),
    };
    samples.push(sample);
    for (const [kind, faults] of Object.entries(figures.errors))
      errors[kind] = (errors[kind] ?? 0) + faults;
    print(
      `  ${(sample.seconds / 60).toFixed(1)} of ${minutes} min: ${load.callsOn()} calls, heap ${Math.round(sample.memory.heapBytes / 1e6)} MB${isWeighed ? ' (weighed)' : ''}, resident ${Math.round(sample.memory.residentBytes / 1e6)} MB, ${handlesOf(sample)} handles, frame delay p99 ${toMs(server.frameDelayP99Ms)}, turn p99 ${toMs(sample.turnP99Ms)}, callers late p99 ${toMs(sample.latenessP99Ms)}`,
    );
    if (isWeighed) await wait(AFTER_WEIGHING_MS);
  }
  const callsOn = load.callsOn();
  load.close();

  const weighed = samples.filter(({ isWeighed }) => isWeighed);
  const slopes = [
    { name: 'heap, collected', bytes: slopeOf(weighed, ({ memory }) => memory.heapBytes) },
    { name: 'buffers, collected', bytes: slopeOf(weighed, ({ memory }) => memory.externalBytes) },
    // The first third is left out: what a process has once had, it hardly ever gives back.
    {
      name: 'resident, last two thirds',
      bytes: slopeOf(
        samples.slice(samples.length / 3),
        ({ memory }) => memory.residentBytes,
        MAX_CREEP,
      ),
    },
  ];
  const handles = slopeOf(weighed, handlesOf);
  const drifts = [
    { name: 'frame delay p99', pick: ({ server }: Sample) => server.frameDelayP99Ms },
    { name: 'first sound p99', pick: ({ answerP99Ms }: Sample) => answerP99Ms },
    { name: 'whole turn p99', pick: ({ turnP99Ms }: Sample) => turnP99Ms },
  ].map(({ name, pick }) => {
    const third = Math.max(1, Math.floor(samples.length / 3));
    const first = median(samples.slice(0, third).map(pick));
    const last = median(samples.slice(-third).map(pick));
    return {
      name,
      first,
      last,
      isKept: last <= first * (1 + MAX_DRIFT) || last - first < DRIFT_STEP_MS,
    };
  });
  const isFlat =
    slopes.every(({ bytes }) => bytes.isFlat) &&
    handles.slope <= NOISE_ERRORS * (handles.slopeError || 0) + 1e-9 &&
    drifts.every(({ isKept }) => isKept) &&
    Object.keys(errors).length === 0 &&
    callsOn === calls;
  const perHour = (bytes: number): string => `${((bytes * SECONDS_PER_HOUR) / 1e6).toFixed(2)} MB`;
  const figures = [
    '```sh',
    `npm run loadtest:soak -- ${calls} ${minutes} --write`,
    '```',
    '',
    table(
      ['memory', 'at first', 'at last', 'slope an hour', 'its standard error', ''],
      slopes.map(({ name, bytes }) => [
        name,
        `${(bytes.first / 1e6).toFixed(1)} MB`,
        `${(bytes.last / 1e6).toFixed(1)} MB`,
        perHour(bytes.slope),
        perHour(bytes.slopeError),
        bytes.isFlat ? 'flat' : '**grows**',
      ]),
    ),
    '',
    table(
      ['delay', 'first third', 'last third', ''],
      drifts.map(({ name, first, last, isKept }) => [
        name,
        toMs(first),
        toMs(last),
        isKept ? 'no drift' : '**drifts**',
      ]),
    ),
    '',
    `${calls} calls for ${minutes} minutes: ${samples.reduce((sum, { turns }) => sum + turns, 0)} turns, ${callsOn} calls to the end, errors: ${toFaults(errors)}. Handles: ${handles.first} at first, ${handles.last} at last. Gateway CPU: ${(median(samples.map(({ server }) => server.cpu)) * 100).toFixed(0)} % of a core. Callers late p99: ${toMs(median(samples.map(({ latenessP99Ms }) => latenessP99Ms)))}. **${isFlat ? 'Flat.' : 'Not flat.'}** ${machine()}`,
    '',
    '![Memory, handles and delays over time](../plots/soak.svg)',
  ].join('\n');
  print(`\n${figures}`);
  if (!isFlat) process.exitCode = 1;
  const line = (
    name: string,
    of: readonly Sample[],
    pick: (sample: Sample) => number,
  ): LinePanel => ({
    name,
    points: of.map((sample) => [sample.seconds, pick(sample)]),
  });
  if (flags.write)
    await writeReport('soak', {
      figures,
      svg: plotLines(`${calls} calls in real time for ${minutes} minutes`, [
        line(
          'heap after its garbage was collected, MB',
          weighed,
          ({ memory }) => memory.heapBytes / 1e6,
        ),
        line('resident memory, MB', samples, ({ memory }) => memory.residentBytes / 1e6),
        line('handles', samples, handlesOf),
        line('frame delay p99, ms', samples, ({ server }) => server.frameDelayP99Ms),
        line('whole turn p99, ms', samples, ({ turnP99Ms }) => turnP99Ms),
      ]),
      json: { node: process.version, calls, minutes, slopes, handles, drifts, errors, samples },
    });
} finally {
  await gateway.stop();
}

function handlesOf({ memory }: Sample): number {
  return Object.values(memory.handles).reduce((sum, count) => sum + count, 0);
}

/** The slope of something over time, a second; flat when it is noise, or too little to matter. */
function slopeOf(of: readonly Sample[], pick: (sample: Sample) => number, maxCreep = 0) {
  const { slope, slopeError } = fitLine(of.map((sample) => [sample.seconds, pick(sample)]));
  const [first = Number.NaN] = of.map(pick);
  const last = of.map(pick).at(-1) ?? Number.NaN;
  const seconds = (of.at(-1)?.seconds ?? 0) - (of[0]?.seconds ?? 0);
  return {
    slope,
    slopeError,
    first,
    last,
    isFlat:
      slope <= NOISE_ERRORS * slopeError ||
      slope * SECONDS_PER_HOUR <= MAX_SLOPE ||
      slope * seconds <= maxCreep * first,
  };
}
