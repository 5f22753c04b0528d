// Bots that do everything wrong beside bots that do not, in one gateway: healthy calls alone, beside as many healthy ones,
// beside chaos, beside healthy ones again, and alone again.
//   npm run loadtest:chaos -- [calls of each] [utterances a healthy call] [rounds] [--kinds hangs,throws] [--write]
import { cpus, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import {
  type CallLoad,
  type TimedCall,
  countErrors,
  createCallLoad,
  frameDelays,
  startSpread,
} from './support/call-load.ts';
import { CHAOS_LADDER, chaosAgents } from './support/chaos-agents.ts';
import { pinLoad } from './support/child-server.ts';
import { type GatewayChild, startGatewayChild } from './support/gateway-child.ts';
import { median, percentile } from './support/percentile.ts';
import { plot, table, toMs, writeReport } from './support/report.ts';
import { speakUtterances } from './support/utterances.ts';

const PHASES = [
  'alone',
  'beside healthy calls',
  'beside chaos',
  'beside healthy calls again',
  'alone again',
] as const;
type Phase = (typeof PHASES)[number];
const SPREAD_MS = 3_000;
const SAMPLE_MS = 500;
const CHAOS_UTTERANCES = 2;
/** What a caller of a bot in chaos waits at most: the filler, and some time for the way. */
const MAX_WAIT_MS = CHAOS_LADDER.fillerAfterSeconds * 1_000 + 250;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, kinds: { type: 'string' } },
});
const [calls = 100, times = 3, rounds = 3] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What the healthy calls of one phase measured, and what their neighbours went through. */
interface PhaseFigures {
  readonly stopsMs: readonly number[];
  readonly answersMs: readonly number[];
  readonly delaysMs: readonly number[];
  readonly errors: Readonly<Record<string, number>>;
  readonly neighbours: Readonly<Record<string, readonly TimedCall[]>>;
  /** The least that was seen in the phase, in megabytes: what is left after a collection. */
  readonly heapMb: number;
  readonly residentMb: number;
  /** How late the callers' own event loop was: none of it is the gateway's fault. */
  readonly loadLagP99Ms: number;
}

const botFile = (name: string): string => fileURLToPath(new URL(`bots/${name}`, import.meta.url));
const kinds = flags.kinds?.split(',');
const chaos = chaosAgents(botFile('chaos.mjs')).filter(({ id }) => kinds?.includes(id) ?? true);

pinLoad();
const gateway = await startGatewayChild([
  { id: 'talker', bot: { use: botFile('talker.mjs') } },
  ...chaos,
]);
try {
  const load = createCallLoad(gateway, calls * 2, await speakUtterances());
  const figures: Record<Phase, PhaseFigures[]> = {
    alone: [],
    'beside healthy calls': [],
    'beside chaos': [],
    'beside healthy calls again': [],
    'alone again': [],
  };
  await startSpread(calls, SPREAD_MS, () => load.call('talker', 1));
  for (let round = 1; round <= rounds; round += 1)
    for (const phase of PHASES) {
      const result = await runPhase(phase, load, gateway);
      figures[phase].push(result);
      print(
        `round ${round} of ${rounds}, ${phase}: answer p99 ${toMs(percentile(result.answersMs, 0.99))}, stop p99 ${toMs(percentile(result.stopsMs, 0.99))}, heap ${result.heapMb.toFixed(0)} MB, the callers' own lag p99 ${toMs(result.loadLagP99Ms)}, errors ${JSON.stringify(result.errors)}`,
      );
    }
  load.close();
  const left = (await gateway.metrics()).get('byova_conversations') ?? Number.NaN;
  const text = describe(figures, left);
  print(`\n${text}`);
  if (flags.write)
    await writeReport('chaos', {
      figures: text,
      svg: plot(
        'Healthy calls: how soon the old prompt ends and the new one begins',
        PHASES.flatMap((phase) => [
          {
            name: `old prompt ended, ${phase}`,
            values: figures[phase].flatMap(({ stopsMs }) => stopsMs),
          },
          {
            name: `first audio, ${phase}`,
            values: figures[phase].flatMap(({ answersMs }) => answersMs),
          },
        ]),
      ),
      json: Object.fromEntries(
        PHASES.map((phase) => [
          phase,
          figures[phase].map(({ stopsMs, answersMs, delaysMs, errors, ...rest }) => ({
            errors,
            heapMb: rest.heapMb,
            residentMb: rest.residentMb,
            loadLagP99Ms: rest.loadLagP99Ms,
            stopP99Ms: percentile(stopsMs, 0.99),
            answerP99Ms: percentile(answersMs, 0.99),
            frameDelayP99Ms: percentile(delaysMs, 0.99),
          })),
        ]),
      ),
    });
} finally {
  await gateway.stop();
}

async function runPhase(
  phase: Phase,
  load: CallLoad,
  { metrics }: GatewayChild,
): Promise<PhaseFigures> {
  const over = new AbortController();
  const neighbours: Record<string, TimedCall[]> = {};
  const keepCalling = async (agentId: string, utterances: number): Promise<void> => {
    while (!over.signal.aborted)
      (neighbours[agentId] ??= []).push(await load.call(agentId, utterances));
  };
  const beside = startSpread(phase.startsWith('beside') ? calls : 0, SPREAD_MS, (index) =>
    phase === 'beside chaos'
      ? keepCalling(chaos[index % chaos.length]?.id ?? '', CHAOS_UTTERANCES)
      : keepCalling('talker', times),
  );
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const heap: number[] = [];
  const resident: number[] = [];
  const sample = async (): Promise<void> => {
    const series = await metrics();
    heap.push((series.get('byova_nodejs_heap_size_used_bytes') ?? Number.NaN) / 2 ** 20);
    resident.push((series.get('byova_process_resident_memory_bytes') ?? Number.NaN) / 2 ** 20);
  };
  const sampler = setInterval(() => void sample(), SAMPLE_MS);
  const healthy = await startSpread(calls, SPREAD_MS, () => load.call('talker', times));
  over.abort();
  lag.disable();
  clearInterval(sampler);
  await beside;
  const utterances = healthy.flatMap(({ stopwatch }) => stopwatch.utterances);
  return {
    stopsMs: utterances.flatMap(({ stopMs }) => stopMs ?? []),
    answersMs: utterances.map(({ answerMs }) => answerMs),
    delaysMs: frameDelays(healthy),
    errors: countErrors(healthy),
    neighbours,
    heapMb: Math.min(...heap),
    residentMb: Math.min(...resident),
    loadLagP99Ms: lag.percentile(99) / 1e6,
  };
}

function describe(
  figures: Readonly<Record<Phase, readonly PhaseFigures[]>>,
  conversationsLeft: number,
): string {
  const p99 = (phase: Phase, pick: (result: PhaseFigures) => readonly number[]): number =>
    median(figures[phase].map((result) => percentile(pick(result), 0.99)));
  /** Chaos against the two phases beside healthy calls around it, and how much those two differ, round by round. */
  const compare = (pick: (result: PhaseFigures) => readonly number[]) => {
    const of = (phase: Phase): readonly number[] =>
      figures[phase].map((result) => percentile(pick(result), 0.99));
    const [before, after] = [of('beside healthy calls'), of('beside healthy calls again')];
    const pairs = before.map((first, round) => [first, after[round] ?? first] as const);
    return {
      ratio: median(of('beside chaos').map((ms, at) => (2 * ms) / sum(pairs[at] ?? []))),
      noise: Math.max(...pairs.map((pair) => Math.max(...pair) / Math.min(...pair))),
    };
  };
  const cells = (name: string, pick: (result: PhaseFigures) => readonly number[]) => {
    const { ratio, noise } = compare(pick);
    return [
      name,
      ...PHASES.map((phase) => toMs(p99(phase, pick))),
      ratio.toFixed(2),
      noise.toFixed(2),
      ratio <= noise ? 'within' : 'beyond',
    ];
  };
  const level = (pick: (result: PhaseFigures) => number) =>
    PHASES.map((phase) => `${median(figures[phase].map(pick)).toFixed(0)} MB`);
  const bots = chaos.map(({ id }) => {
    const placed = figures['beside chaos'].flatMap(({ neighbours }) => neighbours[id] ?? []);
    const waits = placed.flatMap(({ stopwatch }) => stopwatch.waitsMs);
    return [
      `\`${id}\``,
      placed.length,
      waits.length,
      toMs(median(waits)),
      toMs(Math.max(...waits)),
      waits.filter((ms) => ms > MAX_WAIT_MS).length,
      JSON.stringify(countErrors(placed)),
    ];
  });
  const errors = PHASES.map(
    (phase) =>
      `${phase} ${figures[phase].map((result) => JSON.stringify(result.errors)).join(' ')}`,
  );
  return [
    '```sh',
    `npm run loadtest:chaos -- ${calls} ${times} ${rounds} --write`,
    '```',
    '',
    table(
      [
        `${calls} healthy calls, p99`,
        ...PHASES,
        'chaos / healthy',
        'healthy / healthy',
        'chaos is … the noise',
      ],
      [
        cells('speech → old prompt ended', ({ stopsMs }) => stopsMs),
        cells('END_OF_INPUT → first audio', ({ answersMs }) => answersMs),
        cells('frame delay', ({ delaysMs }) => delaysMs),
        [
          'lag of the callers themselves',
          ...PHASES.map((phase) =>
            toMs(median(figures[phase].map(({ loadLagP99Ms }) => loadLagP99Ms))),
          ),
          '',
          '',
          '',
        ],
        ['heap, least of the phase', ...level(({ heapMb }) => heapMb), '', '', ''],
        [
          'resident memory, least of the phase',
          ...level(({ residentMb }) => residentMb),
          '',
          '',
          '',
        ],
      ],
    ),
    '',
    table(
      [
        'bot',
        'calls',
        'answers',
        'wait for the first sound, p50',
        'longest',
        `beyond ${MAX_WAIT_MS} ms`,
        'errors',
      ],
      bots,
    ),
    '',
    `Resident memory, alone again, round by round: ${figures['alone again'].map(({ residentMb }) => `${residentMb.toFixed(0)} MB`).join(', ')}. Errors of the healthy calls: ${errors.join('; ')}. Conversations left at the end: ${conversationsLeft}. Load average of the machine at the end: ${loadavg()[0]?.toFixed(1)}, on ${cpus().length} cores; Node.js ${process.version}.`,
  ].join('\n');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
