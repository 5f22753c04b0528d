// Twice as many callers as the gateway takes: what the refused wait, and what the admitted notice of them.
//   npm run loadtest:admission -- [calls that are taken] [seconds a phase]
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';

import { loadVoiceVirtualAgent } from '../src/protocols/voice-virtual-agent/wire.ts';
import { type WireRequest, createRequestWriter } from '../src/simulator/wire-message.ts';
import { pinLoad } from './support/child-server.ts';
import { ORGANISATION, startGatewayChild } from './support/gateway-child.ts';
import { percentile } from './support/percentile.ts';
import { table, toMs } from './support/report.ts';

/** A caller presses a key, or a refused one tries again, this often. */
const TURN_INTERVAL_MS = 1_000;
const CALLS_PER_CONNECTION = 50;
const WARM_UP_SECONDS = 15;
const MAX_REFUSAL_MS = 5;
const MAX_SLOWDOWN = 1.2;
const RESOURCE_EXHAUSTED = '8';

const calls = Number(process.argv[2] ?? 200);
const seconds = Number(process.argv[3] ?? 10);
const { ProcessCallerInput: method } = loadVoiceVirtualAgent();

pinLoad();
const gateway = await startGatewayChild(
  [{ id: 'load', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } }],
  [],
  { conversation: { maxConversations: calls } },
);
const sessions = Array.from({ length: Math.ceil((2 * calls) / CALLS_PER_CONNECTION) }, () =>
  connect(`http://${gateway.target}`),
);
await Promise.all(sessions.map((session) => once(session, 'connect')));
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
  const alone = await play(admitted, seconds, ({ press }) => press());
  const [among, refused] = await Promise.all([
    play(admitted, seconds, ({ press }) => press()),
    play(excess, seconds, ({ start }) => start()),
  ]);
  const after = await play(admitted, seconds, ({ press }) => press());
  const metrics = await gateway.metrics();

  const p99 = (timed: readonly Timed[]): number =>
    percentile(
      timed.map(({ ms }) => ms),
      0.99,
    );
  const row = (name: string, timed: readonly Timed[], status: string): readonly string[] => [
    name,
    String(timed.length),
    toMs(
      percentile(
        timed.map(({ ms }) => ms),
        0.5,
      ),
    ),
    toMs(p99(timed)),
    String(timed.filter((one) => one.status !== status).length),
  ];
  process.stdout.write(
    `${table(
      ['RPCs', 'number', 'p50', 'p99', 'ended otherwise'],
      [
        row('turns of admitted calls, alone', alone, '0'),
        row('turns of admitted calls, among refused ones', among, '0'),
        row('turns of admitted calls, afterwards', after, '0'),
        row('new calls that are refused', refused, RESOURCE_EXHAUSTED),
      ],
    )}\n\n`,
  );
  const resident = (of: ReadonlyMap<string, number>): string =>
    `${Math.round((of.get('byova_process_resident_memory_bytes') ?? 0) / 1e6)} MB`;
  process.stdout.write(
    `memory ${resident(before)} before, ${resident(metrics)} after; event loop ${toMs(
      (metrics.get('byova_pressure{signal="loop-delay"}') ?? 0) * 1_000,
    )} late on the mean\n`,
  );
  const slowdown = p99(among) / p99(alone);
  const isKept = p99(refused) < MAX_REFUSAL_MS && slowdown < MAX_SLOWDOWN;
  process.stdout.write(
    `refusals under ${MAX_REFUSAL_MS} ms, admitted turns ${slowdown.toFixed(2)} of alone: ${isKept ? 'kept' : 'broken'}\n`,
  );
  process.exitCode = isKept ? 0 : 1;
} finally {
  for (const session of sessions) session.destroy();
  await gateway.stop();
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
  const session = sessions[index % sessions.length];
  if (session === undefined) throw new TypeError('no connection');
  const write = createRequestWriter({
    conversationId: `call-${index}`,
    organisationId: ORGANISATION,
    agentId: '',
    allowPartial: false,
    vendorConfig: '',
  });
  return {
    start: () => ask(session, write.event('SESSION_START')),
    press: () => ask(session, write.digits('5')),
  };
}

/** One RPC, timed to its status. */
function ask(session: ClientHttp2Session, request: WireRequest): Promise<Timed> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const stream = session.request({
      ':method': 'POST',
      ':path': method.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: gateway.token,
    });
    let status = '';
    const note = ({ 'grpc-status': sent }: IncomingHttpHeaders): void => {
      if (typeof sent === 'string') status = sent;
    };
    stream.on('response', note).on('trailers', note);
    stream.on('error', () => undefined);
    stream.on('close', () => resolve({ ms: performance.now() - startedAt, status }));
    stream.resume();
    const message = method.requestSerialize(request);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([head, message]));
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
