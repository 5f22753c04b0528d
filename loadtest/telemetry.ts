// What watching a call costs: the log lines, the series and the observers of one short call, which starts, is answered once and is
// given up as idle, in nanoseconds; and what the observers hold of a call in which nothing happens. Writes the table into
// docs/performance/telemetry.md; fails when a bound of the project is broken.
//   npm run loadtest:telemetry -- [rounds]
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { setTimeout } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';

import type { Agent } from '../src/conversation/agent.ts';
import { Conversation } from '../src/conversation/conversation.ts';
import { systemClock } from '../src/core/clock.ts';
import { letOthersRun } from '../src/core/let-others-run.ts';
import { type Logger, silentLogger } from '../src/core/logger.ts';
import { observeCalls } from '../src/gateway/observe-calls.ts';
import { openLog } from '../src/gateway/open-log.ts';
import { openLogDestination } from '../src/telemetry/log-destination.ts';
import { logEvent } from '../src/telemetry/log-events.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

const PAGE = new URL('../docs/performance/telemetry.md', import.meta.url);
const CALLS = 1000;
/** Until the lines of many calls at once are written. */
const SETTLE_MS = 30;
const MAX_LINES_NS = 5000;
const MAX_WATCHING_NS = 4000;
const MAX_HELD_BYTES = 300;
const rounds = Number(process.argv[2] ?? 300);

// What else runs on the machine stays on the other cores.
const isPinned = spawnSync('taskset', ['-cp', '1', String(process.pid)]).status === 0;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const agents = ['echo', 'front-desk', 'orders'].map(
  (name) =>
    ({ id: `agent-${name}`, bot: { name }, bargeIn: { protectMs: 0 }, listen: {} }) as Agent,
);
const organisations = Array.from({ length: 50 }, (_, index) => `11111111-2222-4333-8444-${index}`);
const metrics = createMetrics();
const { observe } = observeCalls(
  { conversation: { maxConversations: 20 * CALLS } } as Parameters<typeof observeCalls>[0],
  { clock: systemClock, metrics, pseudonymise: undefined },
  undefined,
);
const sink = openSync('/dev/null', 'a');
const destination = openLogDestination(sink);
const { logger } = openLog({ identifiers: 'plain' } as Parameters<typeof openLog>[0], {
  clock: systemClock,
  logger: createLogger('info', destination),
});

/** The same logger, which does not say that it has a way around the search for secrets. */
const searching: Logger = {
  debug: logger.debug,
  info: logger.info,
  warn: logger.warn,
  error: logger.error,
};

let opened = 0;

function openCalls(count: number): readonly Conversation[] {
  return Array.from({ length: count }, (_, index) => {
    const agent = agents[index % agents.length] as Agent;
    const conversationId = `3f1c4a58-9a34-4c11-8f00-${++opened}`;
    const organisationId = organisations[index % organisations.length] ?? '';
    const call = {
      conversationId,
      organisationId,
      agentId: agent.id,
      language: 'en-GB',
      parameters: {},
      vendorConfig: '',
      state: {},
      logger: silentLogger,
    };
    return new Conversation(`${organisationId} ${conversationId}`, agent, call, systemClock);
  });
}

/** Counted by those who let an RPC in, and open and close the call. */
function count(): void {
  metrics.tokenCacheHits.inc();
  metrics.authentications.inc({ result: 'ok' });
  metrics.admissions.inc({ decision: 'admitted' });
  metrics.conversations.set(1);
  metrics.rpcs.inc({ method: 'ProcessCallerInput', status: 'OK' });
  metrics.conversations.set(0);
  metrics.callsEnded.inc({ reason: 'idle' });
}

function answer(conversation: Conversation): void {
  observe(conversation, { type: 'call-started' });
  observe(conversation, { type: 'asked', turn: 1, input: 'start' });
  observe(conversation, { type: 'input-complete', turn: 1 });
  observe(conversation, { type: 'bot-answered', turn: 1, afterMs: 3 });
  observe(conversation, { type: 'first-audio', turn: 1, afterMs: 4 });
  observe(conversation, {
    type: 'answer-ended',
    turn: 1,
    input: 'start',
    outcome: 'answered',
    durationMs: 12,
  });
}

function giveUp(conversation: Conversation): void {
  observe(conversation, { type: 'call-ended', reason: 'idle' });
}

function storyOf({ call, agent }: Conversation) {
  return {
    trackingId: 'WEBEX_4f0c6f56-9c3e-4c40-95a7-7ad6f2f3b6d1',
    conversation: call.conversationId,
    organisation: call.organisationId,
    agent: agent.id,
    bot: agent.bot.name,
  };
}

function writeTo(to: Logger, conversation: Conversation): void {
  const { figures, startedAtMs } = conversation;
  logEvent(to, 'call.started', storyOf(conversation));
  const story = Object.assign(
    storyOf(conversation),
    { reason: 'idle', outcome: figures.outcomeOf('idle'), turns: 1 },
    figures.toFields(),
    { durationMs: systemClock.now() - startedAtMs },
  );
  logEvent(to, 'call.ended', story);
}

const write = (conversation: Conversation): void => writeTo(logger, conversation);
const writeSearched = (conversation: Conversation): void => writeTo(searching, conversation);

function measure<T>(items: readonly T[], work: (item: T) => void): number {
  const startedAt = performance.now();
  for (const item of items) work(item);
  return ((performance.now() - startedAt) * 1e6) / items.length;
}

/** CPU time of all threads for work that comes with one turn of the event loop each, beyond that of the turns. */
async function measureTurns<T>(items: readonly T[], work: (item: T) => void): Promise<number> {
  const spend = async (task: (item: T) => void): Promise<number> => {
    const before = process.cpuUsage();
    for (const item of items) {
      task(item);
      await letOthersRun();
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const idle = await spend(() => undefined);
  return Math.max(0, (((await spend(work)) - idle) * 1e3) / items.length);
}

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Bytes that calls hold which were answered once and say nothing now, beyond what the calls are themselves. */
function weigh(): number {
  const idle = openCalls(10 * CALLS);
  const before = heldBytes();
  idle.forEach(answer);
  const bytes = (heldBytes() - before) / idle.length;
  idle.forEach(giveUp);
  return bytes;
}

const times = {
  'its two log lines': [] as number[],
  'the same, searched for secrets': [] as number[],
  'its series': [] as number[],
  'its observers': [] as number[],
  'series and observers': [] as number[],
};
const aCallAtATime: number[] = [];
// The first rounds warm up.
for (let round = -100; round < rounds; round += 1) {
  const calls = openCalls(CALLS);
  const series = measure(calls, count);
  const observers = measure(calls, (call) => {
    answer(call);
    giveUp(call);
  });
  const lines = measure(calls, write);
  await setTimeout(SETTLE_MS);
  const searched = measure(calls, writeSearched);
  await setTimeout(SETTLE_MS);
  const alone = await measureTurns(calls, write);
  if (round < 0) continue;
  times['its two log lines'].push(lines);
  times['the same, searched for secrets'].push(searched);
  times['its series'].push(series);
  times['its observers'].push(observers);
  times['series and observers'].push(series + observers);
  aCallAtATime.push(alone);
}
// The first weighing makes what all calls share.
weigh();
const held = weigh();
destination.close();
closeSync(sink);

const at = (values: readonly number[], share: number): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(rounds * share)] ?? 0);
const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const table = [
  row('one call', 'quietest round', 'median'),
  row('---', '---', '---'),
  ...Object.entries(times).map(([name, values]) => row(name, at(values, 0), at(values, 0.5))),
  row('its two log lines, a call at a time, CPU of all threads', '', at(aCallAtATime, 0.5)),
  row('bytes that observers hold while it is idle', Math.round(held), ''),
].join('\n');
const page = await readFile(PAGE, 'utf8');
await writeFile(
  PAGE,
  page.replace(
    /(<!-- figures -->\n)[\s\S]*?(<!-- \/figures -->)/u,
    (_match, begin: string, end: string) => `${begin}${table}\n${end}`,
  ),
);
process.stdout.write(
  `Node.js ${process.version}${isPinned ? ', pinned to one core' : ''}, ${rounds} rounds of ${CALLS} calls\n\n${table}\n`,
);
// What else runs on the machine only ever adds, so it breaks no bound.
if (
  at(times['its two log lines'], 0) >= MAX_LINES_NS ||
  at(times['series and observers'], 0) >= MAX_WATCHING_NS ||
  held >= MAX_HELD_BYTES
) {
  process.stdout.write(
    `too dear: log lines may cost ${MAX_LINES_NS} ns, the rest ${MAX_WATCHING_NS} ns and ${MAX_HELD_BYTES} bytes\n`,
  );
  process.exitCode = 1;
}
