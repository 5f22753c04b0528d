// Calls in real time: fifty frames a second of each, voice activity on, a token with each turn, turn after turn. How late is sound
// handled, how soon is answered, and how many calls can one core hold? The gateway on one core, the callers on another.
//   npm run loadtest:realtime -- [calls] [seconds] [--find] [--connections n] [--profile file.cpuprofile] [--write]
// Under another Node.js: npx --yes --package=node@24 -- npm run loadtest:realtime
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startAnsweringGateway } from './support/answering-gateway.ts';
import { countErrors, createCallLoad, startSpread } from './support/call-load.ts';
import { pinLoad } from './support/child-server.ts';
import { toFaults } from './support/faults.ts';
import { LINE_NOISE } from './support/real-time-call.ts';
import { startRealTimeLoad } from './support/real-time-load.ts';
import { machine, plot, table, toMs, writeReport } from './support/report.ts';
import { type ServerFigures, watchServer } from './support/server-watch.ts';
import { speakUtterances } from './support/utterances.ts';

const PROMPT_BYTES = 32_768;
const CALLS_PER_CONNECTION = 50;
const STEPS = [300, 600, 900, 1_200, 1_500];
const MAX_FRAME_DELAY_MS = 20;
/** Beyond this the callers themselves were late, and the gateway may be better than it looks. */
const MAX_LATENESS_MS = 5;
const RAMP_MS = 5_000;
/** Code is compiled meanwhile. */
const WARM_UP_MS = 5_000;
/** One call in so many is placed by the simulator, which checks each answer against the contract. */
const STRICT_EVERY = 50;
const ROUND_OF_TALK_SECONDS = 5;

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    find: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    connections: { type: 'string' },
    profile: { type: 'string' },
  },
});
const [calls = 1_200, seconds = 15] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What one number of calls measured. */
interface Step {
  readonly calls: number;
  readonly callsOn: number;
  readonly connections: number;
  readonly server: ServerFigures;
  readonly latenessP50Ms: number;
  readonly latenessP99Ms: number;
  readonly loadCpu: number;
  readonly answersMs: Distribution;
  readonly turnsMs: Distribution;
  readonly reactionsMs: Distribution;
  readonly strictCalls: number;
  readonly errors: Readonly<Record<string, number>>;
}

interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly percentiles: readonly number[];
}

pinLoad();
const utterances = await speakUtterances(LINE_NOISE);
const gateway = await startAnsweringGateway({ prompts: { load: PROMPT_BYTES } });
try {
  const steps: Step[] = [];
  for (const count of flags.find ? STEPS : [calls]) {
    const step = await measure(count);
    steps.push(step);
    print(describe(step));
  }
  const kept = steps.filter(isKept).map((step) => step.calls);
  const verdict = flags.find
    ? `Frame delay p99 under ${MAX_FRAME_DELAY_MS} ms: ${kept.length === 0 ? 'never' : `${kept.join(', ')} calls`}.`
    : `Frame delay p99 ${kept.length > 0 ? 'under' : 'not under'} ${MAX_FRAME_DELAY_MS} ms.`;
  const figures = [
    '```sh',
    `npm run loadtest:realtime -- ${flags.find ? '--find ' : ''}${flags.find ? STEPS[0] : calls} ${seconds} --write`,
    '```',
    '',
    ...tables(steps),
    '',
    `${verdict} ${machine()}`,
    '',
    '![How soon turns are answered](../plots/realtime.svg)',
  ].join('\n');
  print(`\n${figures}`);
  const errors = steps.some((step) => Object.keys(step.errors).length > 0);
  if (errors || (!flags.find && kept.length === 0)) process.exitCode = 1;
  if (flags.write)
    await writeReport('realtime', {
      figures,
      svg: plot(
        'Calls in real time: END_OF_INPUT to the first sound, and to the end of the turn',
        steps.flatMap((step) => [
          { name: `first sound, ${step.calls} calls`, values: step.answersMs.percentiles },
          { name: `whole turn, ${step.calls} calls`, values: step.turnsMs.percentiles },
        ]),
      ),
      json: { node: process.version, seconds, promptBytes: PROMPT_BYTES, steps: steps.map(toJson) },
    });
} finally {
  await gateway.stop();
}

async function measure(count: number): Promise<Step> {
  const strictCalls = Math.ceil(count / STRICT_EVERY);
  const connections = Number(flags.connections ?? Math.ceil(count / CALLS_PER_CONNECTION));
  const load = await startRealTimeLoad({
    ...gateway,
    calls: count - strictCalls,
    connections,
    utterances,
    agentId: 'load',
  });
  const strict = createCallLoad(gateway, strictCalls, utterances);
  const rounds = ((RAMP_MS + WARM_UP_MS) / 1_000 + seconds) / ROUND_OF_TALK_SECONDS;
  load.start(0, load.calls, RAMP_MS);
  const checked = startSpread(strictCalls, RAMP_MS, () => strict.call('load', Math.ceil(rounds)));
  await wait(RAMP_MS + WARM_UP_MS);
  const early = { ...load.figures.errors };
  load.reset();
  const writeProfile = flags.profile === undefined ? undefined : await gateway.profile();
  const watch = await watchServer(gateway);
  const cpuBefore = process.cpuUsage();
  for (let left = seconds; left > 0; left -= 5) {
    await wait(Math.min(left, 5) * 1_000);
    print(
      `  ${count} calls: ${load.callsOn()} on, ${load.figures.turnsMs.count} turns, first sound p99 ${toMs(load.figures.answersMs.percentile(0.99))}, callers late p99 ${toMs(load.latenessMs.percentile(0.99))}`,
    );
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const server = await watch.take();
  if (flags.profile !== undefined) await writeProfile?.(flags.profile);
  const callsOn = load.callsOn() + strictCalls;
  const { figures, latenessMs } = load;
  const step = {
    calls: count,
    callsOn,
    connections,
    server,
    latenessP50Ms: latenessMs.percentile(0.5),
    latenessP99Ms: latenessMs.percentile(0.99),
    loadCpu: (user + system) / 1e6 / server.seconds,
    answersMs: toDistribution(figures.answersMs),
    turnsMs: toDistribution(figures.turnsMs),
    reactionsMs: toDistribution(figures.reactionsMs),
    strictCalls,
  };
  const errors: Record<string, number> = { ...early, ...figures.errors };
  load.hangUp(0, load.calls);
  for (const [kind, faults] of Object.entries(countErrors(await checked)))
    errors[`strict ${kind}`] = faults;
  strict.close();
  load.close();
  return { ...step, errors };
}

function toDistribution(tally: {
  readonly count: number;
  percentile(share: number): number;
  percentiles(): readonly number[];
}): Distribution {
  return {
    count: tally.count,
    p50: tally.percentile(0.5),
    p99: tally.percentile(0.99),
    percentiles: tally.percentiles(),
  };
}

function isKept({ server }: Step): boolean {
  return server.frameDelayP99Ms < MAX_FRAME_DELAY_MS;
}

function describe(step: Step): string {
  const { server } = step;
  const isLate = step.latenessP99Ms > MAX_LATENESS_MS ? ' (the callers were late themselves)' : '';
  return `${step.calls} calls  frame delay p50 ${toMs(server.frameDelayP50Ms)}, p99 ${toMs(server.frameDelayP99Ms)}${isLate}, ${isKept(step) ? 'kept' : 'not kept'}; callers late p99 ${toMs(step.latenessP99Ms)}, first sound p99 ${toMs(step.answersMs.p99)}, gateway ${percent(server.cpu)} of its core, load ${percent(step.loadCpu)} of its own, errors ${toFaults(step.errors)}`;
}

function tables(steps: readonly Step[]): readonly string[] {
  return [
    table(
      [
        'calls',
        'connections',
        'frame delay p50',
        'p99',
        'within 20 ms',
        'callers late p50',
        'p99',
        'gateway CPU',
        'µs a frame',
        'callers CPU',
        'RSS',
      ],
      steps.map((step) => [
        step.callsOn,
        step.connections,
        toMs(step.server.frameDelayP50Ms),
        toMs(step.server.frameDelayP99Ms),
        `${(step.server.within20Ms * 100).toFixed(2)} %`,
        toMs(step.latenessP50Ms),
        toMs(step.latenessP99Ms),
        percent(step.server.cpu),
        ((step.server.cpu * step.server.seconds * 1e6) / step.server.packets).toFixed(1),
        percent(step.loadCpu),
        `${Math.round(step.server.residentBytes / 1e6)} MB`,
      ]),
    ),
    '',
    table(
      [
        'calls',
        'turns',
        'speech heard late p50',
        'p99',
        'first sound p50',
        'p99',
        'whole turn p50',
        'p99',
        'checked strictly',
        'errors',
      ],
      steps.map((step) => [
        step.callsOn,
        step.turnsMs.count,
        toMs(step.reactionsMs.p50),
        toMs(step.reactionsMs.p99),
        toMs(step.answersMs.p50),
        toMs(step.answersMs.p99),
        toMs(step.turnsMs.p50),
        toMs(step.turnsMs.p99),
        step.strictCalls,
        toFaults(step.errors),
      ]),
    ),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function toJson({ answersMs, turnsMs, reactionsMs, ...rest }: Step): object {
  const bare = ({ percentiles: _percentiles, ...figures }: Distribution): object => figures;
  return {
    ...rest,
    answersMs: bare(answersMs),
    turnsMs: bare(turnsMs),
    reactionsMs: bare(reactionsMs),
  };
}
