// The gateway asked by ghz, a load generator that shares no line with ours: it is found, or installed with Go.
//   npm run loadtest:ghz -- [share of the RPCs, 1] [--write]
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { MULAW_SILENCE } from '../src/audio/audio-format.ts';
import { pinLoad } from './support/child-server.ts';
import { ORGANISATION } from './support/gateway-child.ts';
import { findGhz, runGhz } from './support/ghz-program.ts';
import { type GhzReport, latencyMs, toGhzReport } from './support/ghz-report.ts';
import { startGreeter } from './support/greeter.ts';
import { machine, table, toMs, writeFigures, writeJson } from './support/report.ts';
import { speakUtterances } from './support/utterances.ts';

const PROMPT_BYTES = 32_768;
const WARM_UP_SHARE = 0.2;
/** 100 ms of µ-law, 8000 Hz, a message. */
const MESSAGE_BYTES = 800;
/** Silence beyond the end that the endpointer found. */
const TAIL_MS = 200;

/** The configurations, and what must have grown by the number of their RPCs on the gateway. */
const RUNS = [
  { name: 'list-virtual-agents', series: '' },
  { name: 'session-start', series: 'byova_turns_total{input="start",outcome="answered"}' },
  { name: 'audio-turn', series: 'byova_turns_total{input="speech",outcome="answered"}' },
] as const;

interface Run {
  readonly report: GhzReport;
  readonly gatewayMicros: number;
  readonly ghzMicros: number;
  readonly isRight: boolean;
}

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [share = 1] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

pinLoad();
const ghz = await findGhz(print);
const folder = await mkdtemp(join(tmpdir(), 'byova-ghz-'));
const gateway = await startGreeter(PROMPT_BYTES, { digits: { '1': 'answer' }, speech: 'answer' });
try {
  const metadata = join(folder, 'metadata.json');
  const audio = join(folder, 'audio-turn.data.json');
  const output = join(folder, 'report.json');
  await writeFile(metadata, JSON.stringify({ authorization: gateway.token }), { mode: 0o600 });
  await writeFile(audio, JSON.stringify(await speakMessages()));

  const results: Run[] = [];
  for (const { name, series } of RUNS) {
    const file = fileURLToPath(new URL(`ghz/${name}.json`, import.meta.url));
    const { total, concurrency } = JSON.parse(await readFile(file, 'utf8')) as {
      readonly total: number;
      readonly concurrency: number;
    };
    const ask = async (rpcs: number): Promise<Run> => {
      const [before, cpuBefore] = [await gateway.metrics(), await gateway.cpuMicros()];
      const ghzSeconds = await runGhz(ghz, [
        `--config=${file}`,
        `--metadata-file=${metadata}`,
        `--total=${rpcs}`,
        ...(name === 'audio-turn' ? [`--data-file=${audio}`] : []),
        '--format=json',
        `--output=${output}`,
        gateway.target,
      ]);
      const gatewayMicros = (await gateway.cpuMicros()) - cpuBefore;
      const after = await gateway.metrics();
      const report = toGhzReport(await readFile(output, 'utf8'));
      const answered = (after.get(series) ?? 0) - (before.get(series) ?? 0);
      return {
        report,
        gatewayMicros: gatewayMicros / report.count,
        ghzMicros: (ghzSeconds * 1e6) / report.count,
        isRight:
          report.statusCodeDistribution['OK'] === rpcs && (series === '' || answered === rpcs),
      };
    };
    // ghz gives each of its workers the same number.
    const evenly = (rpcs: number): number =>
      Math.max(1, Math.round(rpcs / concurrency)) * concurrency;
    await ask(evenly(total * share * WARM_UP_SHARE));
    const result = await ask(evenly(total * share));
    results.push(result);
    print(`${name}: ${result.report.count} RPCs, ${Math.round(result.report.rps)} a second`);
  }

  const figures = [
    '```sh',
    `npm run loadtest:ghz --${share === 1 ? '' : ` ${share}`} --write`,
    '```',
    '',
    table(
      ['configuration', 'RPCs', 'a second', 'p50', 'p95', 'p99', 'status', 'gateway', 'ghz'],
      results.map(toRow),
    ),
    '',
    `The last two columns are CPU time an RPC. ${machine()}`,
  ].join('\n');
  print(`\n${figures}`);
  if (flags.write) {
    await mkdir(new URL('../docs/performance/ghz/', import.meta.url), { recursive: true });
    for (const { report } of results) await writeJson(`ghz/${report.name}`, report);
    await writeFigures('ghz', figures);
  }
  if (results.some(({ isRight }) => !isRight)) {
    print('\nnot every RPC was answered as it should be');
    process.exitCode = 1;
  }
} finally {
  await gateway.stop();
  await rm(folder, { recursive: true });
}

function toRow({ report, gatewayMicros, ghzMicros }: Run): readonly string[] {
  const p = (percentage: number): string => toMs(latencyMs(report, percentage));
  return [
    `\`${report.name}\``,
    report.count.toLocaleString('en'),
    report.rps.toFixed(0),
    p(50),
    p(95),
    p(99),
    Object.entries(report.statusCodeDistribution)
      .map(([status, count]) => `${count.toLocaleString('en')} ${status}`)
      .join(', '),
    `${gatewayMicros.toFixed(0)} µs`,
    `${ghzMicros.toFixed(0)} µs`,
  ];
}

/** The messages of a turn in which somebody speaks, and falls silent until the gateway must have noticed. */
async function speakMessages(): Promise<readonly object[]> {
  const [utterance] = (await speakUtterances()).toSorted((a, b) => a.endMs - b.endMs);
  if (utterance === undefined) throw new TypeError('nothing was said');
  const messages = Math.ceil(((utterance.endMs + TAIL_MS) * 8) / MESSAGE_BYTES);
  const line = new Uint8Array(messages * MESSAGE_BYTES).fill(MULAW_SILENCE);
  line.set(utterance.audio.subarray(0, line.length));
  return Array.from({ length: messages }, (_, index) => ({
    // ghz puts another one into each RPC.
    conversation_id: '{{.UUID}}',
    customer_org_id: ORGANISATION,
    audio_input: {
      caller_audio: Buffer.from(
        line.subarray(index * MESSAGE_BYTES, (index + 1) * MESSAGE_BYTES),
      ).toString('base64'),
      encoding: 'MULAW_FORMAT',
      sample_rate_hertz: 8_000,
    },
  }));
}
