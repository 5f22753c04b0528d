// Many calls on ONE connection, a long way off: does their sound come in time? Beside it a gateway that leaves the window of the
// connection as grpc-js does. The gateway on one core, the callers and the wire on another.
//   npm run loadtest:one-connection -- [calls] [seconds] [ms each way] [--write]
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startAnsweringGateway } from './support/answering-gateway.ts';
import { pinLoad, startChildServer } from './support/child-server.ts';
import { toFaults } from './support/faults.ts';
import { LINE_NOISE } from './support/real-time-call.ts';
import { startRealTimeLoad } from './support/real-time-load.ts';
import { machine, plot, table, toMs, writeReport } from './support/report.ts';
import { type ServerFigures, watchServer } from './support/server-watch.ts';
import { speakUtterances } from './support/utterances.ts';

const PROMPT_BYTES = 32_768;
/** Beyond the round trip. */
const MAX_DELAY_MS = 25;
const RAMP_MS = 3_000;
const WARM_UP_MS = 3_000;
const NARROW = fileURLToPath(new URL('support/narrow-window.mjs', import.meta.url));
const PROXY = fileURLToPath(new URL('support/delay-proxy.ts', import.meta.url));

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const [calls = 300, seconds = 15, oneWayMs = 20] = positionals.map(Number);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What one way of setting the window measured. */
interface Run {
  readonly name: string;
  readonly server: ServerFigures;
  /** How long frames waited in the callers for the gateway's windows. */
  readonly heldP99Ms: number;
  readonly heldNow: number;
  readonly latenessP99Ms: number;
  readonly greetingP50Ms: number;
  readonly greetingP99Ms: number;
  readonly reactionP50Ms: number;
  readonly reactionP99Ms: number;
  readonly turns: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly reactionsMs: readonly number[];
}

pinLoad();
const utterances = await speakUtterances(LINE_NOISE);
const runs = [
  await measure('as the gateway sets it', []),
  await measure('as grpc-js leaves it', ['--import', NARROW]),
];
const [ours] = runs;
const figures = [
  '```sh',
  `npm run loadtest:one-connection -- ${calls} ${seconds} ${oneWayMs} --write`,
  '```',
  '',
  table(
    [
      'window of the connection',
      'frame delay p50',
      'p99',
      'frames waited for the window, p99',
      'speech heard late p50',
      'p99',
      'greeting p50',
      'p99',
      'turns',
      'callers late p99',
      'errors',
    ],
    runs.map((run) => [
      run.name,
      toMs(run.server.frameDelayP50Ms),
      toMs(run.server.frameDelayP99Ms),
      toMs(run.heldP99Ms),
      toMs(run.reactionP50Ms),
      toMs(run.reactionP99Ms),
      toMs(run.greetingP50Ms),
      toMs(run.greetingP99Ms),
      run.turns,
      toMs(run.latenessP99Ms),
      toFaults(run.errors),
    ]),
  ),
  '',
  `${calls} calls on one connection, ${oneWayMs} ms each way. ${machine()}`,
  '',
  '![How late speech is heard](../plots/one-connection.svg)',
].join('\n');
print(`\n${figures}`);
const isOnTime =
  ours !== undefined &&
  ours.server.frameDelayP99Ms < MAX_DELAY_MS &&
  ours.reactionP99Ms - 2 * oneWayMs < MAX_DELAY_MS &&
  Object.keys(ours.errors).length === 0;
print(`\n${isOnTime ? 'on time' : 'not on time'}: ${MAX_DELAY_MS} ms beyond the round trip`);
if (!isOnTime) process.exitCode = 1;
if (flags.write)
  await writeReport('one-connection', {
    figures,
    svg: plot(
      `How late speech is heard, ${calls} calls on one connection`,
      runs.map((run) => ({
        name: run.name,
        values: run.reactionsMs,
        limit: 2 * oneWayMs + MAX_DELAY_MS,
      })),
    ),
    json: {
      node: process.version,
      calls,
      seconds,
      oneWayMs,
      runs: runs.map(({ reactionsMs: _reactionsMs, ...rest }) => rest),
    },
  });

async function measure(name: string, options: readonly string[]): Promise<Run> {
  const gateway = await startAnsweringGateway({ prompts: { load: PROMPT_BYTES }, options });
  try {
    const port = gateway.target.split(':')[1] ?? '';
    const proxy = await startChildServer(
      ['--import', 'tsx', PROXY, port, String(oneWayMs)],
      (line) => Number(line.split(' ')[1]),
      1,
    );
    try {
      const load = await startRealTimeLoad({
        target: `127.0.0.1:${proxy.port}`,
        token: gateway.token,
        calls,
        connections: 1,
        utterances,
        agentId: 'load',
      });
      load.start(0, calls, RAMP_MS);
      await wait(RAMP_MS + WARM_UP_MS);
      const { figures: measured, latenessMs } = load;
      const greetings = [0.5, 0.99].map((share) => measured.greetingsMs.percentile(share));
      load.reset();
      const watch = await watchServer(gateway);
      for (let left = seconds; left > 0; left -= 5) {
        await wait(Math.min(left, 5) * 1_000);
        print(
          `  ${name}: ${load.callsOn()} calls, ${measured.turnsMs.count} turns, frames waited p99 ${toMs(load.heldMs())}, ${load.held()} are waiting`,
        );
      }
      const run: Run = {
        name,
        server: await watch.take(),
        heldP99Ms: load.heldMs(),
        heldNow: load.held(),
        latenessP99Ms: latenessMs.percentile(0.99),
        greetingP50Ms: greetings[0] ?? Number.NaN,
        greetingP99Ms: greetings[1] ?? Number.NaN,
        reactionP50Ms: measured.reactionsMs.percentile(0.5),
        reactionP99Ms: measured.reactionsMs.percentile(0.99),
        turns: measured.turnsMs.count,
        errors: { ...measured.errors },
        reactionsMs: measured.reactionsMs.percentiles(),
      };
      load.close();
      return run;
    } finally {
      await proxy.stop();
    }
  } finally {
    await gateway.stop();
  }
}
