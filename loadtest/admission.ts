// Twice as many callers as the gateway takes: what the refused wait, and what the admitted notice of them.
// Alone and among the refused by turns, so that what else the machine does falls on both.
//   npm run loadtest:admission -- [calls that are taken] [seconds a phase] [rounds] [--write]
import { PerformanceObserver, monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { loadVoiceVirtualAgent } from '../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../src/simulator/wire-message.ts';
import { pinLoad } from './support/child-server.ts';
import { ORGANISATION, startGatewayChild } from './support/gateway-child.ts';
import { encodeMessage } from './support/measured-rpc.ts';
import { median, percentile } from './support/percentile.ts';
import { type RpcConnection, openRpcConnection } from './support/rpc-connection.ts';
import { machine, table, toMs, writeFigures } from './support/report.ts';

/** A caller presses a key, or a refused one tries again, this often. */
const TURN_INTERVAL_MS = 1_000;
const CALLS_PER_CONNECTION = 50;
const WARM_UP_SECONDS = 15;
const MAX_REFUSAL_MS = 5;
const MAX_SLOWDOWN = 1.2;
const REFUSALS = 'byova_rpcs_total{method="ProcessCallerInput",status="RESOURCE_EXHAUSTED"}';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [calls = 200, seconds = 5, rounds = 9] = positionals.map(Number);
const { ProcessCallerInput: method } = loadVoiceVirtualAgent();

pinLoad();
const gateway = await startGatewayChild(
  [{ id: 'load', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } }],
  [],
  { conversation: { maxConversations: calls } },
);
// Frame by frame and without objects a call: a load that pauses would be measured in place of the gateway.
const connections = await Promise.all(
  Array.from({ length: Math.ceil((2 * calls) / CALLS_PER_CONNECTION) }, () =>
    openRpcConnection(gateway.target, { path: method.path, token: gateway.token }),
  ),
);
let loadPausedMs = 0;
const pauses = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) loadPausedMs = Math.max(loadPausedMs, duration);
});
pauses.observe({ entryTypes: ['gc'] });
const lag = monitorEventLoopDelay({ resolution: 1 });
try {
  const admitted = Array.from({ length: calls }, (_, index) => callerOf(index));
  const excess = Array.from({ length: calls }, (_, index) => callerOf(calls + index));
  await Promise.all(admitted.map(({ start }) => start()));
  // Code that is not compiled yet is slow, on either side.
  await Promise.all([
    play(admitted, WARM_UP_SECONDS, ({ press }) => press()),
    play(excess, WARM_UP_SECONDS, ({ start }) => start()),
  ]);

  const before = await gateway.metrics();
  loadPausedMs = 0;
  lag.enable();
  const alone: (readonly Timed[])[] = [];
  const among: (readonly Timed[])[] = [];
  const refused: (readonly Timed[])[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    alone.push(await play(admitted, seconds, ({ press }) => press()));
    const [turns, refusals] = await Promise.all([
      play(admitted, seconds, ({ press }) => press()),
      play(excess, seconds, ({ start }) => start()),
    ]);
    among.push(turns);
    refused.push(refusals);
    process.stdout.write(
      `round ${round} of ${rounds}: turns alone p99 ${toMs(p99(alone.at(-1) ?? []))}, among refused ones ${toMs(p99(turns))}, refusals ${toMs(p99(refusals))}\n`,
    );
  }
  const after = await play(admitted, seconds, ({ press }) => press());
  const metrics = await gateway.metrics();

  const row = (
    name: string,
    timed: readonly (readonly Timed[])[],
    status: string,
  ): readonly string[] => [
    name,
    String(timed.flat().length),
    toMs(percentile(toMillis(timed.flat()), 0.5)),
    toMs(median(timed.map(p99))),
    timed.map((round) => toMs(p99(round))).join(', '),
    String(timed.flat().filter((one) => one.status !== status).length),
  ];
  const resident = (of: ReadonlyMap<string, number>): string =>
    `${Math.round((of.get('byova_process_resident_memory_bytes') ?? 0) / 1e6)} MB`;
  const since = (series: string): number => (metrics.get(series) ?? 0) - (before.get(series) ?? 0);
  const collections = 'byova_nodejs_gc_duration_seconds';
  const scavenges = since(`${collections}_count{kind="minor"}`);
  const slowdown = median(among.map(p99)) / median(alone.map(p99));
  const isKept = median(refused.map(p99)) < MAX_REFUSAL_MS && slowdown < MAX_SLOWDOWN;
  const figures = [
    '```sh',
    `npm run loadtest:admission -- ${calls} ${seconds} ${rounds} --write`,
    '```',
    '',
    table(
      ['RPCs', 'number', 'p50', 'p99', 'p99 of each round', 'ended otherwise'],
      [
        row('turns of admitted calls, alone', alone, 'ok'),
        row('turns of admitted calls, among refused ones', among, 'ok'),
        row('turns of admitted calls, afterwards', [after], 'ok'),
        row('new calls that are refused', refused, 'no-status'),
      ],
    ),
    '',
    `Refusals under ${MAX_REFUSAL_MS} ms, and admitted turns ${slowdown.toFixed(2)} of alone, at most ${MAX_SLOWDOWN} (medians of the rounds): ${isKept ? 'kept' : '**broken**'}. Memory ${resident(before)} before, ${resident(metrics)} after; the event loop ${toMs(
      (metrics.get('byova_pressure{signal="loop-delay"}') ?? 0) * 1_000,
    )} late on the mean. The gateway counted ${since(REFUSALS)} refusals; its young generation was collected ${scavenges} times, ${toMs(
      (since(`${collections}_sum{kind="minor"}`) / scavenges) * 1_000,
    )} each; the load's longest collection ${toMs(loadPausedMs)}, its lag p99 ${toMs(lag.percentile(99) / 1e6)}. ${machine()}`,
  ].join('\n');
  process.stdout.write(`\n${figures}\n`);
  if (flags.write) await writeFigures('admission', figures);
  process.exitCode = isKept ? 0 : 1;
} finally {
  pauses.disconnect();
  for (const connection of connections) connection.close();
  await gateway.stop();
}

function toMillis(timed: readonly Timed[]): readonly number[] {
  return timed.map(({ ms }) => ms);
}

function p99(timed: readonly Timed[]): number {
  return percentile(toMillis(timed), 0.99);
}

interface Timed {
  readonly ms: number;
  readonly status: string;
}

interface Caller {
  readonly start: () => Promise<Timed>;
  readonly press: () => Promise<Timed>;
}

function callerOf(index: number): Caller {
  const connection = connections[index % connections.length];
  if (connection === undefined) throw new TypeError('no connection');
  const write = createRequestWriter({
    conversationId: `call-${index}`,
    organisationId: ORGANISATION,
  });
  const start = encodeMessage(method.requestSerialize(write.event('SESSION_START')));
  const press = encodeMessage(method.requestSerialize(write.digits('5')));
  return { start: () => ask(connection, start), press: () => ask(connection, press) };
}

/** One RPC, timed to its status. */
function ask(connection: RpcConnection, message: Uint8Array): Promise<Timed> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    connection.call(message, ({ outcome }) =>
      resolve({ ms: performance.now() - startedAt, status: outcome }),
    );
  });
}

/** Has each caller do something once in each interval, for a while; one that waits for an answer skips its turn. */
async function play(
  callers: readonly Caller[],
  forSeconds: number,
  act: (caller: Caller) => Promise<Timed>,
): Promise<readonly Timed[]> {
  const timed: Timed[] = [];
  const endsAt = performance.now() + forSeconds * 1_000;
  await Promise.all(
    callers.map(async (caller, index) => {
      let dueAt = performance.now() + (index / callers.length) * TURN_INTERVAL_MS;
      while (dueAt < endsAt) {
        const waitMs = dueAt - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        timed.push(await act(caller));
        dueAt += TURN_INTERVAL_MS;
      }
    }),
  );
  return timed;
}
