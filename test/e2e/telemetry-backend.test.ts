import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { createCanarySearch } from '../support/canaries.ts';
import { type GatewayProcesses, startGatewayProcesses } from '../support/gateway-processes.ts';
import { createManualCall } from '../support/manual-call.ts';
import { type SpanCollector, startSpanCollector } from '../support/span-collector.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DIGITS = '80497361552';
const LANES = 5;
/** Of a call with three turns. */
const SPANS_PER_CALL = 4;
/** Enough for a median, and for a whole batch of spans, which is sent at once. */
const CALLS = 150;
/** `maxQueueSize` of docs/operations/tracing.md, and the one batch that may be on its way. */
const MOST_SPANS_HELD = 2_048 + 512;
const CALLS_OF_A_FLOOD = 800;
/** What a busy machine stays under, and turns that wait for a collector do not. */
const MOST_TIMES_SLOWER = 3;
const SLACK_MS = 20;

interface Phase {
  readonly turnMs: number[];
  readonly faults: unknown[];
}

let folder = '';
let collector: SpanCollector;
let processes: GatewayProcesses;
let webex: Webex;

/** The file that the documentation gives to operators, where it finds the packages beside the gateway. */
async function writeTracingFile(): Promise<string> {
  const page = await readFile(join(ROOT, 'docs/operations/tracing.md'), 'utf8');
  const code = /```js\n([\s\S]+?)```/u.exec(page)?.[1];
  expect(code).toContain('BatchSpanProcessor');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'tracing.mjs');
  await writeFile(file, code ?? '');
  return file;
}

/** Places calls of three turns, some at a time. @param during Done once, in the middle. */
async function placeCalls(count: number, during?: () => Promise<void>): Promise<Phase> {
  const phase: Phase = { turnMs: [], faults: [] };
  const timed = async (turn: () => Promise<{ readonly code: number }>): Promise<void> => {
    const startedMs = performance.now();
    const { code } = await turn();
    phase.turnMs.push(performance.now() - startedMs);
    if (code !== 0) phase.faults.push(code);
  };
  let placed = 0;
  const lane = async (): Promise<void> => {
    while (placed < count) {
      placed += 1;
      if (placed === Math.floor(count / 2)) await during?.();
      const call = createManualCall(randomUUID());
      await timed(() => call.start(webex));
      await timed(() => call.press(webex, DIGITS));
      await timed(() => call.press(webex, '#'));
      phase.faults.push(...call.violations);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return phase;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-tracing-'));
  collector = await startSpanCollector();
  processes = await startGatewayProcesses(
    1,
    { agents: [{ id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hi.' } } }] },
    undefined,
    [],
    {
      nodeArgs: ['--import', pathToFileURL(await writeTracingFile()).href],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` },
    },
  );
  webex = connectWebex({
    target: `127.0.0.1:${processes.gateways[0]?.grpcPort}`,
    token: processes.token,
  });
  await placeCalls(LANES);
}, 60_000);
afterAll(async () => {
  webex.close();
  await processes.close();
  await collector.close();
  await rm(folder, { recursive: true });
});

describe('a backend of traces', { timeout: 90_000 }, () => {
  const phases: Record<string, Phase> = {};
  let heldSpans = 0;
  let exitCode: number | null = null;

  beforeAll(async () => {
    phases['works'] = await placeCalls(CALLS);
    await vi.waitFor(() => expect(collector.spans()).toBeGreaterThan(CALLS), { timeout: 20_000 });

    collector.hang();
    await placeCalls(CALLS);
    await vi.waitFor(() => expect(collector.hanging()).toBeGreaterThan(0), { timeout: 20_000 });
    phases['hangs'] = await placeCalls(CALLS_OF_A_FLOOD);

    await collector.start();
    await vi.waitFor(() => expect(collector.hanging()).toBe(0), { timeout: 20_000 });
    phases['is killed'] = await placeCalls(CALLS, () => collector.kill());
    // Nobody has taken anything since.
    await placeCalls(CALLS_OF_A_FLOOD);
    const before = collector.spans();
    await collector.start();
    await vi.waitFor(() => expect(collector.spans()).toBeGreaterThan(before), { timeout: 30_000 });
    await collector.quiet();
    heldSpans = collector.spans() - before;

    collector.hang();
    await placeCalls(CALLS);
    const [gateway] = processes.gateways;
    gateway?.signal('SIGTERM');
    exitCode = (await gateway?.ended()) ?? null;
  }, 120_000);

  it.each(['works', 'hangs', 'is killed'])('that %s fails no turn', (name) => {
    expect(phases[name]?.faults).toEqual([]);
  });

  it.each(['hangs', 'is killed'])('that %s slows no turn', (name) => {
    const usual = median(phases['works']?.turnMs ?? []);
    expect(median(phases[name]?.turnMs ?? [])).toBeLessThan(usual * MOST_TIMES_SLOWER + SLACK_MS);
  });

  it('that was away is sent what was kept for it: a queue full of spans, and no more', () => {
    expect(heldSpans).toBeGreaterThan(0);
    expect(heldSpans).toBeLessThanOrEqual(MOST_SPANS_HELD);
    expect(MOST_SPANS_HELD).toBeLessThan(CALLS_OF_A_FLOOD * SPANS_PER_CALL);
  });

  it('that hangs does not keep the process from ending', () => {
    expect(exitCode).toBe(0);
  });

  it('is told of calls and turns, and nothing that a caller pressed, and no token', () => {
    const told = collector.told();
    const words = ['byova-gateway', '"call"', '"turn"', 'byova.conversation', 'first-audio'];
    expect(words.filter((word) => !told.includes(word))).toEqual([]);
    const [, claims = '', signature = ''] = processes.token.split('.');
    expect(createCanarySearch({ digits: DIGITS, claims, signature })(told)).toEqual([]);
  });
});
