// What listening to one caller costs, stage by stage, in nanoseconds a frame of 20 ms, and what 2,000 ears hold in memory.
// Writes the tables into docs/performance/audio.md; fails when a bound of the project is broken.
//   npm run loadtest:audio -- [rounds]
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { FRAME_SAMPLES } from '../src/audio/audio-format.ts';
import { createCallerAudio } from '../src/audio/caller-audio.ts';
import { createDtmfDetector } from '../src/audio/dtmf-detector.ts';
import { createEndpointer } from '../src/audio/endpointer.ts';
import { gateVoiceActivity } from '../src/audio/gate-voice-activity.ts';
import { encodeMulaw } from '../src/audio/mulaw.ts';
import { createNoiseGate } from '../src/audio/noise-gate.ts';
import { loadResampler } from '../src/audio/resample.ts';
import { createSpeechCollector } from '../src/audio/speech-collector.ts';
import { loadVoiceActivity } from '../src/audio/voice-activity.ts';
import { Ear } from '../src/conversation/ear.ts';
import { loadSpeechCorpus } from '../test/support/speech-corpus.ts';

const PAGE = new URL('../docs/performance/audio.md', import.meta.url);
const EARS = 2000;
const MAX_GATE_NS = 400;
const MAX_PATH_NS = 3500;
const MAX_EAR_BYTES = 8192;
const rounds = Number(process.argv[2] ?? 200);

/** One packet: µ-law, and the same as PCM. */
interface Frame {
  readonly input: Parameters<Ear['hear']>[0];
  readonly pcm: Int16Array;
}
type Stage = (frame: Frame) => unknown;
interface Line {
  readonly name: string;
  readonly frames: readonly Frame[];
}

// What else runs on the machine stays on the other cores.
const isPinned = spawnSync('taskset', ['-cp', '1', String(process.pid)]).status === 0;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const corpus = await loadSpeechCorpus();
const resampler = await loadResampler();
const bare = await loadVoiceActivity({ maxDetectors: EARS + 10 });
const gated = gateVoiceActivity(bare);

const speech = corpus.script.utterances.flatMap((_, utterance) => [
  // The breath before the first word is cut to a second, so that half of the line is voice.
  ...corpus
    .sound({ voice: 'slt', utterance, noise: 'white', snrDb: 20, encoding: 'mulaw' })
    .pcm.subarray(2000 * 8, -1000 * 8),
]);
const noise = toLine('line noise', corpus.noise('white', 10_000, 20));
const lines = [
  toLine('silence', new Int16Array(8000 * 10)),
  noise,
  toLine('voice', Int16Array.from(speech)),
];

function toLine(name: string, pcm: Int16Array): Line {
  const bytes = encodeMulaw(pcm);
  const frames = Array.from(
    { length: Math.floor(pcm.length / FRAME_SAMPLES) },
    (_, index): Frame => {
      const [from, to] = [index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES];
      const audio = bytes.subarray(from, to);
      return {
        input: { type: 'audio', audio, encoding: 'mulaw', sampleRateHz: 8000, languageCode: '' },
        pcm: pcm.slice(from, to),
      };
    },
  );
  return { name, frames };
}

function openEar(wantsSound: boolean): Ear {
  const endpointer = createEndpointer();
  return new Ear({
    callerAudio: createCallerAudio({ resampler }),
    detector: gated.open(),
    endpointer,
    keys: undefined,
    maxStreamBytes: 240_000,
    collector: wantsSound
      ? createSpeechCollector({ preRollMs: endpointer.onsetWindowMs + 100, maxMs: 30_000 })
      : undefined,
  });
}

function hearWith(ear: Ear): Stage {
  const listener = {
    speechStarted: () => undefined,
    speechEnded: () => void ear.takeUtterance(),
    keyPressed: () => undefined,
  };
  return ({ input }) => ear.hear(input, listener, 0);
}

function createStages(): Readonly<Record<string, Stage>> {
  const audio = createCallerAudio({ resampler });
  const gate = createNoiseGate();
  const [alone, behind] = [bare.open(), gated.open()];
  const endpointer = createEndpointer();
  const collector = createSpeechCollector({ preRollMs: 300, maxMs: 30_000 });
  const keys = createDtmfDetector();
  const drop = (): void => undefined;
  let count = 0;
  return {
    'decode: packet to PCM16': ({ input }) => audio.push(input.audio, 'mulaw', 8000, drop),
    'noise gate': ({ pcm }) => gate.isOpen(pcm),
    'WebRTC detector, bare': ({ pcm }) => alone.isSpeech(pcm),
    'detector behind the gate': ({ pcm }) => behind.isSpeech(pcm),
    endpointer: () => endpointer.push((count++ & 64) === 0),
    collector: ({ pcm }) => collector.push(pcm),
    'in-band keys (off by default)': ({ pcm }) => keys.push(pcm),
    'whole ear': hearWith(openEar(false)),
    'whole ear, sound kept': hearWith(openEar(true)),
  };
}

function measure(stage: Stage, { frames }: Line): number {
  const startedAt = performance.now();
  for (const frame of frames) stage(frame);
  return ((performance.now() - startedAt) * 1e6) / frames.length;
}

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes that an ear holds after some noise, on the heap and in buffers. */
function weigh(wantsSound: boolean): number {
  const before = heldBytes();
  const ears = Array.from({ length: EARS }, () => {
    const ear = openEar(wantsSound);
    const hear = hearWith(ear);
    for (const frame of noise.frames.slice(0, 50)) hear(frame);
    return ear;
  });
  const bytes = (heldBytes() - before) / EARS;
  for (const ear of ears) ear.close();
  return bytes;
}

/** Bytes that are made on the heap for each frame. */
function countGarbage(): number {
  const hear = hearWith(openEar(true));
  const passes = 200;
  for (let pass = 0; pass < 50; pass += 1) for (const frame of noise.frames) hear(frame);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let pass = 0; pass < passes; pass += 1) for (const frame of noise.frames) hear(frame);
  return (process.memoryUsage().heapUsed - before) / passes / noise.frames.length;
}

const stages = createStages();
const times = new Map<string, number[]>();
// The first rounds warm up.
for (let round = -20; round < rounds; round += 1)
  for (const [name, stage] of Object.entries(stages))
    for (const line of lines) {
      const key = `${name}/${line.name}`;
      const nanoseconds = measure(stage, line);
      if (round >= 0) times.set(key, [...(times.get(key) ?? []), nanoseconds]);
    }
const timeOf = (name: string, line: Line): number =>
  Math.min(...(times.get(`${name}/${line.name}`) ?? []));
const worstOf = (name: string): number => Math.max(...lines.map((line) => timeOf(name, line)));

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
// The first weighing makes what all ears share.
weigh(true);
const [plain, keeping] = [weigh(false), weigh(true)];
const tables = {
  stages: [
    row('stage', ...lines.map(({ name }) => name)),
    row('---', ...lines.map(() => '---')),
    ...Object.keys(stages).map((name) =>
      row(name, ...lines.map((line) => Math.round(timeOf(name, line)))),
    ),
  ].join('\n'),
  memory: [
    row('an ear', 'bytes'),
    row('---', '---'),
    row('that keeps no sound', Math.round(plain)),
    row('that keeps the last 300 ms', Math.round(keeping)),
    row('made for each frame of line noise', countGarbage().toFixed(1)),
  ].join('\n'),
};
let page = await readFile(PAGE, 'utf8');
for (const [name, table] of Object.entries(tables))
  page = page.replace(
    new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`, 'u'),
    (_match, begin: string, end: string) => `${begin}${table}\n${end}`,
  );
await writeFile(PAGE, page);
process.stdout.write(
  `Node.js ${process.version}${isPinned ? ', pinned to one core' : ''}, ${rounds} rounds\n\n${Object.values(tables).join('\n\n')}\n`,
);
// The figures are those of the quietest round: what else runs on the machine only ever adds, so it breaks no bound.
if (
  worstOf('noise gate') >= MAX_GATE_NS ||
  worstOf('whole ear, sound kept') >= MAX_PATH_NS ||
  keeping >= MAX_EAR_BYTES
) {
  process.stdout.write(
    `too dear: a frame may cost the gate ${MAX_GATE_NS} ns and the ear ${MAX_PATH_NS} ns, and an ear may hold ${MAX_EAR_BYTES} bytes\n`,
  );
  process.exitCode = 1;
}
