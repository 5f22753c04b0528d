// From a few calls to many within a second, more than the gateway takes, and back: who is let in, what do those feel who were there, how
// soon is it over? The gateway on one core, the callers on another.
//   npm run loadtest:spike -- [calls at the peak] [calls that are taken] [seconds at the peak] [--write]
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
import { speakUtterances } from './support/utterances.ts';

const PROMPT_BYTES = 32_768;
const FEW = 50;
const CALLS_PER_CONNECTION = 50;
const WARM_UP_MS = 8_000;
const PHASE_MS = 5_000;
const SPIKE_MS = 1_000;
const RECOVERY_MS = 15_000;
const SAMPLE_MS = 500;
/** The loop is well again when it is no later than before, and a little. */
const WELL_AGAIN_MS = 3;
const MAX_RECOVERY_SECONDS = 5;
/** What is left of all calls that are gone: nothing, but code that was compiled and what caches keep. */
const MAX_LEFT_BYTES = 4_000_000;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [calls = 1_000, taken = Math.round(calls * 0.8), seconds = 10] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Sample {
  readonly seconds: number;
  readonly conversations: number;
  readonly loopDelayMs: number;
  readonly residentBytes: number;
}

interface Phase {
  readonly name: string;
  readonly server: ServerFigures;
  readonly answerP99Ms: number;
  readonly latenessP99Ms: number;
}

pinLoad();
const utterances = await speakUtterances(LINE_NOISE);
const gateway = await startAnsweringGateway({
  prompts: { load: PROMPT_BYTES },
  options: ['--expose-gc'],
  settings: { conversation: { maxConversations: taken } },
});
try {
  const load = await startRealTimeLoad({
    ...gateway,
    calls,
    connections: Math.ceil(calls / CALLS_PER_CONNECTION),
    utterances,
    agentId: 'load',
  });
  const startedAt = performance.now();
  const now = (): number => (performance.now() - startedAt) / 1_000;
  const samples: Sample[] = [];
  const errors: Record<string, number> = {};
  const phase = async (name: string, ms: number): Promise<Phase> => {
    const watch = await watchServer(gateway);
    const endsAt = performance.now() + ms;
    while (performance.now() < endsAt) {
      await wait(Math.min(SAMPLE_MS, Math.max(1, endsAt - performance.now())));
      const metrics = await gateway.metrics();
      samples.push({
        seconds: now(),
        conversations: metrics.get('byova_conversations') ?? Number.NaN,
        loopDelayMs: (metrics.get('byova_pressure{signal="loop-delay"}') ?? Number.NaN) * 1_000,
        residentBytes: metrics.get('byova_process_resident_memory_bytes') ?? Number.NaN,
      });
    }
    const { figures, latenessMs } = load;
    const measured: Phase = {
      name,
      server: await watch.take(),
      answerP99Ms: figures.answersMs.percentile(0.99),
      latenessP99Ms: latenessMs.percentile(0.99),
    };
    const last = samples.at(-1);
    print(
      `  ${name}: ${last?.conversations} conversations, frame delay p99 ${toMs(measured.server.frameDelayP99Ms)}, loop ${toMs(last?.loopDelayMs ?? Number.NaN)} late, callers late p99 ${toMs(measured.latenessP99Ms)}`,
    );
    return measured;
  };
  /** Faults are kept; the rest is counted anew. */
  const resetFigures = (): void => {
    for (const [kind, count] of Object.entries(load.figures.errors))
      errors[kind] = (errors[kind] ?? 0) + count;
    load.reset();
  };

  load.start(0, FEW, WARM_UP_MS / 2);
  await wait(WARM_UP_MS);
  resetFigures();
  const calm = await phase(`${FEW} calls`, PHASE_MS);
  const calmLoopMs = Math.max(...samples.map(({ loopDelayMs }) => loopDelayMs));
  const before = await gateway.memory();
  const admissionsBefore = await gateway.metrics();
  resetFigures();
  load.start(FEW, calls, SPIKE_MS);
  const rush = await phase('the rush', SPIKE_MS + 2_000);
  const greetings = [0.5, 0.99].map((share) => load.figures.greetingsMs.percentile(share));
  const { refusalsMs } = load.figures;
  const refusals = { count: refusalsMs.count, p99: refusalsMs.percentile(0.99) };
  const admissions = await gateway.metrics();
  const on = load.callsOn();
  resetFigures();
  const peak = await phase('the peak', seconds * 1_000);
  const hungUpAt = now();
  for (let from = FEW; from < calls; from += 100) {
    load.hangUp(from, Math.min(from + 100, calls));
    await wait(SPIKE_MS / 10);
  }
  resetFigures();
  const recovery = await phase(`${FEW} calls again`, RECOVERY_MS);
  resetFigures();
  const wellAgain = samples.find(
    ({ seconds: at, loopDelayMs }) => at > hungUpAt && loopDelayMs <= calmLoopMs + WELL_AGAIN_MS,
  );
  const recoverySeconds = (wellAgain?.seconds ?? Infinity) - hungUpAt;
  const after = await gateway.memory();
  const leftBytes = after.heapBytes + after.externalBytes - before.heapBytes - before.externalBytes;
  load.close();

  const decided = decisionsBetween(admissionsBefore, admissions);
  const refused = Object.entries(decided).reduce(
    (sum, [decision, count]) => (decision === 'admitted' ? sum : sum + count),
    0,
  );
  const lastOn = samples.at(-1)?.conversations ?? Number.NaN;
  const checks: readonly (readonly [name: string, measured: string, isKept: boolean])[] = [
    [
      'each new call was let in or told that there is no room',
      `${decided['admitted'] ?? 0} admitted, ${refusals.count} refused, of ${calls - FEW}`,
      (decided['admitted'] ?? 0) + refusals.count === calls - FEW && refused === refusals.count,
    ],
    ['no more than may be', `${on} of ${taken}`, on <= taken],
    ['no other errors', toFaults(errors), Object.keys(errors).length === 0],
    [
      'the loop is as before',
      `${recoverySeconds.toFixed(1)} s after they hung up`,
      recoverySeconds <= MAX_RECOVERY_SECONDS,
    ],
    ['calls that hung up are gone', `${lastOn} of ${FEW} left`, lastOn === FEW],
    [
      'memory is as before',
      `${(leftBytes / 1e6).toFixed(1)} MB more, with garbage collected`,
      leftBytes <= MAX_LEFT_BYTES,
    ],
  ];
  const figures = [
    '```sh',
    `npm run loadtest:spike -- ${calls} ${taken} ${seconds} --write`,
    '```',
    '',
    table(
      ['', 'measured', ''],
      checks.map(([name, measured, isKept]) => [name, measured, isKept ? 'kept' : '**broken**']),
    ),
    '',
    table(
      ['', 'frame delay p50', 'p99', 'first sound p99', 'callers late p99', 'gateway CPU', 'RSS'],
      [calm, rush, peak, recovery].map(({ name, server, answerP99Ms, latenessP99Ms }) => [
        name,
        toMs(server.frameDelayP50Ms),
        toMs(server.frameDelayP99Ms),
        toMs(answerP99Ms),
        toMs(latenessP99Ms),
        `${(server.cpu * 100).toFixed(0)} %`,
        `${Math.round(server.residentBytes / 1e6)} MB`,
      ]),
    ),
    '',
    `From ${FEW} to ${calls} calls within ${SPIKE_MS / 1_000} s; ${taken} may be. Who was let in was greeted after ${toMs(greetings[0] ?? Number.NaN)} (p99 ${toMs(greetings[1] ?? Number.NaN)}), who was not knew it after ${toMs(refusals.p99)} (p99). Decisions as the gateway counts them: ${toFaults(decided)}. ${machine()}`,
    '',
    '![Conversations, loop delay and memory over time](../plots/spike.svg)',
  ].join('\n');
  print(`\n${figures}`);
  if (checks.some(([, , isKept]) => !isKept)) process.exitCode = 1;
  if (flags.write)
    await writeReport('spike', {
      figures,
      svg: plotLines(`From ${FEW} to ${calls} calls and back`, [
        { name: 'conversations', points: samples.map((at) => [at.seconds, at.conversations]) },
        { name: 'event loop late, ms', points: samples.map((at) => [at.seconds, at.loopDelayMs]) },
        {
          name: 'resident memory, MB',
          points: samples.map((at) => [at.seconds, at.residentBytes / 1e6]),
        },
      ]),
      json: {
        node: process.version,
        calls,
        taken,
        phases: [calm, rush, peak, recovery],
        decided,
        refusals,
        recoverySeconds,
        leftBytes,
        samples,
      },
    });
} finally {
  await gateway.stop();
}

function decisionsBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...after].flatMap(([series, value]) => {
      const decision = /^byova_admissions_total\{decision="([^"]+)"\}/u.exec(series)?.[1];
      const count = value - (before.get(series) ?? 0);
      return decision === undefined || count === 0 ? [] : [[decision, count]];
    }),
  );
}
