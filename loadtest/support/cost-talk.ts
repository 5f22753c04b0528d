import { setTimeout as wait } from 'node:timers/promises';

import type { CostEffort } from './cost-turns.ts';
import { PROMPT_BYTES } from './cost-turns.ts';
import type { GatewayChild } from './gateway-child.ts';
import { startMeasuredGateway } from './measured-gateway.ts';
import { LINE_NOISE } from './real-time-call.ts';
import { type RealTimeLoad, startRealTimeLoad } from './real-time-load.ts';
import { speakUtterances } from './utterances.ts';

/** What a gateway used while calls were talking in real time. */
export interface TalkFigures {
  readonly calls: number;
  readonly seconds: number;
  /** CPU time of the gateway's process. */
  readonly cpuMicros: number;
  /** Packets of caller audio, 20 ms each. */
  readonly frames: number;
  /** Turns that ended. */
  readonly turns: number;
  readonly residentBytes: number;
  /** Heap and buffers after the garbage was collected. */
  readonly heldBytes: number;
  /** What went wrong, by kind. */
  readonly errors: Readonly<Record<string, number>>;
}

/** How calls are placed. */
export interface TalkOptions extends Pick<CostEffort, 'talkSeconds' | 'print'> {
  readonly gateway: GatewayChild;
  /** What the calls are placed with; default: the gateway itself. */
  readonly target?: string;
  /** Who signed its certificate, in PEM; absent: no TLS. */
  readonly ca?: string;
  readonly calls: number;
  readonly agentId: string;
  /** How long they talk before, in milliseconds; default: until code is compiled, and every caller has said something. */
  readonly warmUpMs?: number;
  /** Called where the measuring begins and ends. */
  readonly onEdge?: () => Promise<void>;
}

const CALLS_PER_CONNECTION = 50;
const RAMP_MS = 3_000;
const WARM_UP_MS = 5_000;
const HANG_UP_MS = 700;

/** Nobody calls; then few, then more: 50 frames a second each, sentences, and an answer of four seconds to each of them. */
export async function measureTalk(effort: CostEffort): Promise<readonly TalkFigures[]> {
  const gateway = await startMeasuredGateway({
    prompts: { load: PROMPT_BYTES },
    options: ['--expose-gc'],
  });
  try {
    // What is made for the first calls only is made before.
    const common = { gateway, agentId: 'load', print: effort.print };
    await talk({ ...common, calls: 10, talkSeconds: 1, warmUpMs: 2_000 });
    const all = [await beIdle(gateway, effort.talkSeconds / 2)];
    for (const calls of effort.talkCalls)
      all.push(await talk({ ...common, calls, talkSeconds: effort.talkSeconds }));
    return all;
  } finally {
    await gateway.stop();
  }
}

async function beIdle(gateway: GatewayChild, seconds: number): Promise<TalkFigures> {
  const startedAtMs = performance.now();
  const before = await gateway.cpuMicros();
  await wait(seconds * 1_000);
  const cpuMicros = (await gateway.cpuMicros()) - before;
  const elapsed = (performance.now() - startedAtMs) / 1_000;
  const { residentBytes, heapBytes, externalBytes } = await gateway.memory();
  const heldBytes = heapBytes + externalBytes;
  return {
    calls: 0,
    seconds: elapsed,
    cpuMicros,
    frames: 0,
    turns: 0,
    residentBytes,
    heldBytes,
    errors: {},
  };
}

/** Has so many calls talk for a while; they have hung up when it is over. */
export async function talk(options: TalkOptions): Promise<TalkFigures> {
  const { gateway, calls, agentId, talkSeconds, warmUpMs = WARM_UP_MS, onEdge } = options;
  const load = await startRealTimeLoad({
    target: options.target ?? gateway.target,
    token: gateway.token,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    calls,
    connections: Math.ceil(calls / CALLS_PER_CONNECTION),
    utterances: await speakOnce(),
    agentId,
  });
  try {
    load.start(0, calls, RAMP_MS);
    await wait(RAMP_MS + warmUpMs);
    await onEdge?.();
    const figures = await observe(gateway, load, talkSeconds);
    await onEdge?.();
    const memory = await gateway.memory();
    const heldBytes = memory.heapBytes + memory.externalBytes;
    load.hangUp(0, calls);
    await wait(HANG_UP_MS);
    options.print(
      `  ${calls} calls: ${((figures.cpuMicros / figures.seconds / 1e6) * 100).toFixed(0)} % of a core, ${figures.frames} frames, ${figures.turns} turns, errors ${JSON.stringify(figures.errors)}`,
    );
    return { ...figures, residentBytes: memory.residentBytes, heldBytes };
  } finally {
    load.close();
  }
}

async function observe(
  gateway: GatewayChild,
  load: RealTimeLoad,
  seconds: number,
): Promise<Omit<TalkFigures, 'residentBytes' | 'heldBytes'>> {
  load.reset();
  const framesBefore = load.frames();
  const startedAtMs = performance.now();
  const before = await gateway.cpuMicros();
  await wait(seconds * 1_000);
  const cpuMicros = (await gateway.cpuMicros()) - before;
  return {
    calls: load.callsOn(),
    seconds: (performance.now() - startedAtMs) / 1_000,
    cpuMicros,
    frames: load.frames() - framesBefore,
    turns: load.figures.turnsMs.count,
    errors: { ...load.figures.errors },
  };
}

let spoken: ReturnType<typeof speakUtterances> | undefined;

/** Sentences take seconds to synthesise. */
function speakOnce(): ReturnType<typeof speakUtterances> {
  spoken ??= speakUtterances(LINE_NOISE);
  return spoken;
}
