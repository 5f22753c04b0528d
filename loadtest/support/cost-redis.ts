import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

import { Redis } from 'ioredis';

import type { Lease } from '../../src/conversation/conversation-store.ts';
import { createRedisConversationStore } from '../../src/stores/redis-conversation-store.ts';
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.ts';
import { findTool } from '../../test/support/tools.ts';
import { CORES } from './cores.ts';
import { type Cost, measureCosts } from './cost-rounds.ts';
import { type CostEffort, PROMPT_BYTES } from './cost-turns.ts';
import { connectKeyCallers } from './key-callers.ts';
import { defaultOrganisation, startMeasuredGateway } from './measured-gateway.ts';

/** What sharing calls costs Redis, and the gateway. */
export interface RedisCosts {
  /** Our store's questions: CPU time of Redis for each, and how many a second it answered. */
  readonly questions: readonly (Cost & { readonly perSecond: number })[];
  /** Memory of Redis for each conversation that it remembers, with a record of so many bytes. */
  readonly conversationBytes: number;
  readonly recordBytes: number;
  /** What `redis-benchmark` says of plain SET and GET, a second; 16 in a pipeline. */
  readonly benchmark: Readonly<Record<string, number>>;
  /** Turns of a gateway that shares its calls, and of one that does not. */
  readonly turns: readonly Cost[];
  /** What Redis was asked for a turn, by command, as it counts itself; and its CPU time. */
  readonly commandsPerTurn: Readonly<Record<string, number>>;
  readonly microsPerTurn: number;
}

const RECORD_BYTES = 1_024;
const AT_ONCE = 64;
const TTL_MS = 660_000;
const BENCHMARK_REQUESTS = 200_000;
const CALLERS = 60;
const CONNECTIONS = 4;
/** Of keys, before anything is measured: code is compiled meanwhile. */
const WARM_UP_ROUNDS = 8;
const run = promisify(execFile);

/** Measures with Debian's `redis-server` on the first core; `undefined` where it is not installed. */
export async function measureRedis(effort: CostEffort): Promise<RedisCosts | undefined> {
  if (findTool('redis-server') === undefined) return undefined;
  const server = await startRedisServer();
  const client = new Redis(server.url);
  try {
    const ask = await createAsker(client);
    if (CORES[0] !== undefined)
      execFileSync('taskset', ['-a', '-p', '-c', `${CORES[0]}`, await ask.text('process_id')]);
    return {
      ...(await measureStore(server, ask, effort)),
      benchmark: await runBenchmark(server),
      ...(await measureSharedTurns(server, client, ask, effort)),
    };
  } finally {
    client.disconnect();
    await server.kill();
  }
}

interface RedisAsker {
  text(field: string): Promise<string>;
  /** CPU time that it has used, in microseconds. */
  cpuMicros(): Promise<number>;
}

async function createAsker(client: Redis): Promise<RedisAsker> {
  const text = async (field: string): Promise<string> =>
    new RegExp(`^${field}:(\\S+)`, 'mu').exec(await client.info('all'))?.[1] ?? '';
  return {
    text,
    cpuMicros: async () =>
      (Number(await text('used_cpu_sys')) + Number(await text('used_cpu_user'))) * 1e6,
  };
}

/** As the gateway does for a turn: claims, and gives back with what is to be known. */
async function measureStore(
  server: RedisServer,
  { text, cpuMicros }: RedisAsker,
  effort: CostEffort,
): Promise<Pick<RedisCosts, 'questions' | 'conversationBytes' | 'recordBytes'>> {
  const store = createRedisConversationStore(
    { url: server.url, ttlMs: TTL_MS },
    { replicaId: 'load', address: () => '127.0.0.1:1' },
  );
  const record = 'x'.repeat(RECORD_BYTES);
  const count = effort.keys * 10;
  const seconds = { claim: 0, release: 0, beat: 0 };
  let key = 0;
  const timed = async (
    kind: keyof typeof seconds,
    act: (index: number) => Promise<unknown>,
  ): Promise<number> => {
    const startedAtMs = performance.now();
    for (let at = 0; at < count; at += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => act(at + index)));
    seconds[kind] += (performance.now() - startedAtMs) / 1_000;
    return Math.ceil(count / AT_ONCE) * AT_ONCE;
  };
  const leases: Lease[] = [];
  const claimNext = async (): Promise<void> => {
    key += 1;
    const claimed = await store.claim(`call-${key}`, { begins: true });
    if (claimed.type === 'ours') leases.push(claimed.lease);
  };
  const releaseNext = async (): Promise<void> => {
    const lease = leases.pop();
    if (lease === undefined) throw new Error('there is nothing to release');
    await store.release(lease, record);
  };
  try {
    await store.beat();
    const memoryBefore = Number(await text('used_memory'));
    // In every other round what was claimed in the one before is released first.
    await timed('claim', claimNext);
    seconds.claim = 0;
    const costs = await measureCosts(
      [
        {
          id: 'claim',
          name: 'Redis: a claim',
          run: () => timed('claim', claimNext),
          cpuMicros,
        },
        {
          id: 'release',
          name: 'Redis: a release with 1 KB',
          run: () => timed('release', releaseNext),
          cpuMicros,
        },
        { id: 'beat', name: 'Redis: a heartbeat', run: () => timed('beat', store.beat), cpuMicros },
      ],
      { ...effort, warmUps: 0 },
    );
    while (leases.length > 0) await releaseNext();
    const memory = Number(await text('used_memory')) - memoryBefore;
    return {
      questions: costs.map((cost) => ({
        ...cost,
        perSecond: cost.count / seconds[cost.id as keyof typeof seconds],
      })),
      conversationBytes: memory / key,
      recordBytes: RECORD_BYTES,
    };
  } finally {
    await store.close();
  }
}

async function runBenchmark({ url }: RedisServer): Promise<Readonly<Record<string, number>>> {
  const program = findTool('redis-benchmark');
  if (program === undefined) return {};
  const { port } = new URL(url);
  const requests = ['-t', 'set,get', '-P', '16', '-n', String(BENCHMARK_REQUESTS)];
  const { stdout } = await run(program, ['-p', port, ...requests, '--csv']);
  const rows = [...stdout.matchAll(/^"(SET|GET)","([\d.]+)"/gmu)];
  return Object.fromEntries(rows.map(([, name, perSecond]) => [name, Number(perSecond)]));
}

/** A gateway that shares its calls, beside one that does not. */
async function measureSharedTurns(
  server: RedisServer,
  client: Redis,
  ask: RedisAsker,
  effort: CostEffort,
): Promise<Pick<RedisCosts, 'turns' | 'commandsPerTurn' | 'microsPerTurn'>> {
  const prompts = { load: PROMPT_BYTES };
  const closing: (() => unknown)[] = [];
  try {
    const redis = { url: server.url };
    const gateways = [
      await startMeasuredGateway({ prompts }),
      await startMeasuredGateway({
        prompts,
        conversation: { redis },
        settings: { peers: { listen: '127.0.0.1:0', token: 'of-the-load-test-only' } },
      }),
    ];
    for (const gateway of gateways) closing.push(() => gateway.stop());
    const all = await Promise.all(
      gateways.map((gateway) =>
        connectKeyCallers({
          ...gateway,
          agentId: 'load',
          leastAnswerBytes: PROMPT_BYTES,
          organisations: defaultOrganisation(gateway),
          callers: CALLERS,
          connections: CONNECTIONS,
        }),
      ),
    );
    for (const callers of all) closing.push(() => callers.close());
    for (const callers of all) await callers.begin(effort.keys * WARM_UP_ROUNDS);
    await client.config('RESETSTAT');
    let redisMicros = 0;
    let keys = 0;
    const turns = await measureCosts(
      all.map((callers, index) => ({
        id: index === 0 ? 'turn-alone' : 'turn-shared',
        name: index === 0 ? 'turn, calls kept in the process' : 'turn, calls shared through Redis',
        async run() {
          if (index === 0) return callers.press(effort.keys);
          const before = await ask.cpuMicros();
          const pressed = await callers.press(effort.keys);
          redisMicros += (await ask.cpuMicros()) - before;
          keys += pressed;
          return pressed;
        },
        cpuMicros: gateways[index]?.cpuMicros ?? (() => Promise.resolve(Number.NaN)),
      })),
      effort,
    );
    return {
      turns,
      commandsPerTurn: await countCommands(client, keys),
      microsPerTurn: redisMicros / keys,
    };
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** Scripts, and what they do, are counted apart; of heartbeats there are few. */
async function countCommands(
  client: Redis,
  turns: number,
): Promise<Readonly<Record<string, number>>> {
  const statistics = await client.info('commandstats');
  const rows = [...statistics.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gmu)];
  return Object.fromEntries(
    rows.flatMap(([, name = '', calls]) =>
      name === 'info' || name.startsWith('config') ? [] : [[name, Number(calls) / turns]],
    ),
  );
}
