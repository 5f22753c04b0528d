// What the gateway holds for a conversation of which no RPC is open, for an open RPC that listens, and for a call in audio: the heap and
// buffers of its process after garbage was collected, with nothing and with thousands of each, and the slope through them.
//   npm run loadtest:memory -- [sizes, such as 1000 2000 4000] [--holders] [--write]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { loadVoiceVirtualAgent } from '../src/protocols/voice-virtual-agent/wire.ts';
import { startAnsweringGateway } from './support/answering-gateway.ts';
import { type CallConnection, openCallConnection } from './support/call-connection.ts';
import { type HeldMemory, pinLoad } from './support/child-server.ts';
import type { GatewayChild } from './support/gateway-child.ts';
import { grownHoldings, readHoldings } from './support/heap-holders.ts';
import { fitLine } from './support/linear-fit.ts';
import { createManualCall } from './support/manual-call.ts';
import { machine, plot, table, writeReport } from './support/report.ts';

const PROMPT_BYTES = 3_200;
const CALLS_PER_CONNECTION = 500;
/** Calls that are begun at once: more would wait for one another. */
const BATCH = 50;
const AUDIO_FRAMES = 50;
const BATCH_PAUSE_MS = 5;
/** Timers and answers that were under way are over. */
const SETTLE_MS = 1_500;
const TOP_HOLDERS = 25;
const SETTINGS = {
  conversation: {
    maxConversations: 100_000,
    idleTimeoutSeconds: 600,
    shedding: { loopDelayMs: 60_000 },
  },
  grpc: { listen: '127.0.0.1:0', limits: { firstMessageTimeoutSeconds: 300 } },
};

/** What is held, and how much of it at most, in bytes each. */
const KINDS = [
  { id: 'conversation', name: 'idle conversation, no RPC open', target: 4 * 1024 },
  { id: 'stream', name: 'RPC open, listening, nothing said', target: 12 * 1024 },
  { id: 'audio', name: 'call in audio, after a second of it', target: 40 * 1024 },
] as const;
type Kind = (typeof KINDS)[number]['id'];

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    holders: { type: 'boolean', default: false },
  },
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [1_000, 2_000, 3_000, 5_000];
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Result {
  readonly kind: Kind;
  readonly name: string;
  readonly target: number;
  readonly heldBytes: number;
  readonly heldError: number;
  readonly residentBytes: number;
  readonly points: readonly { readonly count: number; readonly memory: HeldMemory }[];
}

pinLoad();
const results: Result[] = [];
for (const { id, name, target } of KINDS) {
  const points = await weigh(id);
  const fit = (pick: (memory: HeldMemory) => number) =>
    fitLine(points.map(({ count, memory }) => [count, pick(memory)]));
  // The first one also pays for what all share.
  const held = fit(({ heapBytes, externalBytes }) => heapBytes + externalBytes);
  results.push({
    kind: id,
    name,
    target,
    heldBytes: held.slope,
    heldError: held.slopeError,
    residentBytes: fit((memory) => memory.residentBytes).slope,
    points,
  });
  print(`${name}: ${(held.slope / 1024).toFixed(1)} KB, at most ${target / 1024} KB`);
}
/** A stream and a call in audio hold their conversation too. */
const figures = [
  '```sh',
  `npm run loadtest:memory -- ${sizes.join(' ')} --write`,
  '```',
  '',
  table(
    ['each', 'heap and buffers', '±', 'at most', '', 'resident'],
    results.map(({ name, heldBytes, heldError, target, residentBytes }) => [
      name,
      kilobytes(heldBytes),
      kilobytes(heldError),
      kilobytes(target),
      heldBytes <= target ? 'met' : '**not met**',
      kilobytes(residentBytes),
    ]),
  ),
  '',
  `Slopes through 0, ${sizes.join(', ')} of each, with their standard errors. ${machine()}`,
  '',
  '![What each holds](../plots/memory.svg)',
].join('\n');
print(`\n${figures}`);
if (results.some(({ heldBytes, target }) => !(heldBytes <= target))) process.exitCode = 1;
if (flags.write)
  await writeReport('memory', {
    figures,
    svg: plot(
      'What each holds, heap and buffers',
      results.map(({ name, heldBytes, target }) => ({
        name,
        values: [heldBytes / 1024],
        limit: target / 1024,
      })),
      'KB',
    ),
    json: { node: process.version, sizes, results },
  });

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

async function weigh(kind: Kind): Promise<Result['points']> {
  const gateway = await startAnsweringGateway({
    prompts: { load: PROMPT_BYTES },
    options: ['--expose-gc'],
    settings: SETTINGS,
  });
  const folder = await mkdtemp(join(tmpdir(), 'byova-heap-'));
  const connections: CallConnection[] = [];
  try {
    // What is made once, for everybody, is made before.
    await hold(gateway, 'audio', BATCH, connections);
    const points = [{ count: 0, memory: await settle(gateway) }];
    const empty = join(folder, 'empty.heapsnapshot');
    if (flags.holders) await gateway.writeHeapSnapshot(empty);
    for (const size of sizes.toSorted((a, b) => a - b)) {
      const more = size - (points.at(-1)?.count ?? 0);
      await hold(gateway, kind, more, connections);
      const memory = await settle(gateway);
      points.push({ count: size, memory });
      print(
        `  ${kind}: ${size} of them, heap ${Math.round(memory.heapBytes / 1e6)} MB, buffers ${Math.round(memory.externalBytes / 1e6)} MB, resident ${Math.round(memory.residentBytes / 1e6)} MB`,
      );
    }
    if (flags.holders) {
      const full = join(folder, 'full.heapsnapshot');
      await gateway.writeHeapSnapshot(full);
      const count = points.at(-1)?.count ?? 1;
      for (const { kind: of, objects, bytes } of grownHoldings(
        await readHoldings(empty),
        await readHoldings(full),
        count,
      ).slice(0, TOP_HOLDERS))
        print(`    ${bytes.toFixed(0).padStart(6)} bytes, ${objects.toFixed(2)} × ${of}`);
    }
    return points;
  } finally {
    for (const connection of connections) connection.close();
    await gateway.stop();
    await rm(folder, { recursive: true });
  }
}

async function settle(gateway: GatewayChild): Promise<HeldMemory> {
  await wait(SETTLE_MS);
  return gateway.memory();
}

/** Begins calls and leaves each as `kind` says. */
async function hold(
  gateway: GatewayChild,
  kind: Kind,
  count: number,
  connections: CallConnection[],
): Promise<void> {
  const { path } = loadVoiceVirtualAgent().ProcessCallerInput;
  for (let begun = 0; begun < count; begun += CALLS_PER_CONNECTION) {
    const connection = await openCallConnection(gateway.target, { path, token: gateway.token });
    connections.push(connection);
    const calls = Math.min(CALLS_PER_CONNECTION, count - begun);
    for (let from = 0; from < calls; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, calls - from) }, () =>
        createManualCall(connection, 'load'),
      );
      const greeted = batch.map((call) => call.start());
      connection.flush();
      for (const status of await Promise.all(greeted))
        if (status !== '0') throw new Error(`a call ended with status ${status}`);
      if (kind === 'conversation') continue;
      for (const call of batch) call.listen();
      for (let frame = 0; frame < (kind === 'audio' ? AUDIO_FRAMES : 0); frame += 1) {
        for (const call of batch) call.speak();
        connection.flush();
        await wait(BATCH_PAUSE_MS);
      }
      connection.flush();
      await wait(BATCH_PAUSE_MS);
    }
  }
}
