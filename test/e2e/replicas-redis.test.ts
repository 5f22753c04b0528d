import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../../src/protocols/voice-virtual-agent/schema.ts';
import { type Webex, connectWebex } from '../../src/simulator/caller.ts';
import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import type { RpcStatus } from '../../src/simulator/rpc-status.ts';
import { type TokenIssuer, createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { KEY } from '../support/gateway-rig.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const ENTRY = resolve(import.meta.dirname, '../../dist/cli/byova.js');
const SOURCE = {
  url: 'https://voice.example.com:443',
  schema: 'voice-virtual-agent',
  audience: 'front-desk',
  subject: 'callers',
};

/** Replicas agree within a second; the other second is for a busy machine. */
const AGREED = { timeout: 2_000, interval: 50 };
/** Redis is looked for twice a second, and connected to at most a second later. */
const NOTICED = { timeout: 6_000, interval: 20 };

const SUPERSEDED = 'UNAUTHENTICATED ERR_AUTH_SUPERSEDED';
const REUSED = 'UNAUTHENTICATED ERR_AUTH_TOKEN_ID_REUSED';
const STORE_DOWN = 'UNAVAILABLE ERR_AUTH_REPLAY_STORE_UNAVAILABLE';

/** Calls at a time, and the turns of each. */
const CALLS = 50;
const TURNS = 4;

/** A gateway in a process of its own. */
interface Replica {
  /** A connection whose RPCs carry the token that `withToken` was given last. */
  withToken(token: string): Webex;
  /** 1 while Redis does not answer. */
  degraded(): Promise<number>;
  /** What it has logged of Redis. */
  readonly replayEvents: readonly string[];
  /** Lets it drain. Resolves to its exit code. */
  stop(): Promise<number | null>;
}

let folder: string;
let issuer: TokenIssuer;
let keyServer: KeyServer;
let redis: RedisServer;
let one: Replica;
let other: Replica;
const children: ChildProcess[] = [];
const connections: Webex[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-replicas-'));
  issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb', key: await KEY });
  [keyServer, redis] = await Promise.all([startKeyServer(issuer), startRedisServer()]);
  [one, other] = await Promise.all([startReplica(), startReplica()]);
});
afterAll(async () => {
  for (const webex of connections) webex.close();
  for (const child of children) child.kill('SIGKILL');
  await redis.kill();
  await keyServer.close();
  await rm(folder, { recursive: true });
});

/** @param replay Merged over `trust.replay`, whose default is `rotation`, and `local` when Redis is down. */
async function startReplica(replay: Readonly<Record<string, unknown>> = {}): Promise<Replica> {
  const file = join(folder, `${randomUUID()}.yaml`);
  const config = {
    grpc: { listen: '127.0.0.1:0' },
    admin: { listen: '127.0.0.1:0' },
    trust: {
      issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }],
      replay: { redis: { url: redis.url }, ...replay },
    },
    dataSources: [SOURCE],
    agents: [{ id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } }],
  };
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [ENTRY, 'serve', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const replayEvents: string[] = [];
  const { grpcPort, adminPort } = await new Promise<Record<'grpcPort' | 'adminPort', number>>(
    (ready, fail) => {
      child.once('exit', (code) => fail(new Error(`the gateway ended with ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const entry = JSON.parse(line) as { event: string; grpcPort: number; adminPort: number };
        if (entry.event === 'gateway.ready') ready(entry);
        if (entry.event.startsWith('auth.replay.')) replayEvents.push(entry.event);
      });
    },
  );
  let token = '';
  const webex = connectWebex({ target: `127.0.0.1:${grpcPort}`, token: () => token });
  connections.push(webex);
  return {
    replayEvents,
    withToken(given) {
      token = given;
      return webex;
    },
    async degraded() {
      const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
      return Number(/^byova_replay_store_degraded (\d)$/mu.exec(await response.text())?.[1]);
    },
    async stop() {
      const exit = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      return (await exit)[0];
    },
  };
}

/** An organisation, hence an identity, that no other test knows, and the generations of its token. */
function createIdentity() {
  const organisation = randomUUID();
  const madeAtSeconds = Math.floor(Date.now() / 1000) - 600;
  const generations = new Map<number, string>();
  const mint = (index: number, tokenId: string = randomUUID()): string =>
    issuer.mint(
      {
        ...SOURCE,
        schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
        organisationId: organisation,
        tokenId,
      },
      { claims: { iat: madeAtSeconds + index } },
    );
  const generation = (index: number): string => {
    const token = generations.get(index) ?? mint(index);
    generations.set(index, token);
    return token;
  };
  const use = async (replica: Replica, token: string): Promise<string> =>
    outcomeOf((await replica.withToken(token).listVirtualAgents(organisation)).status);
  return {
    organisation,
    mint,
    generation,
    /** Makes one RPC with a token of its own. */
    use,
    /** Makes one RPC with a generation. */
    show: (replica: Replica, index: number) => use(replica, generation(index)),
  };
}

type Identity = ReturnType<typeof createIdentity>;

/** `OK`, or the status and our code. */
function outcomeOf({ code, name, details }: RpcStatus): string {
  return code === 0 ? name : `${name} ${details.split(':')[0] ?? ''}`;
}

/**
 * Keeps calls coming, each turn at the next replica, until it is told to stop. Each call is of another organisation: no replica
 * has heard of its token, so Redis is asked all the time.
 */
function startLoad() {
  const replicas = [one, other] as const;
  const lost: string[] = [];
  let turns = 0;
  const end = new AbortController();
  const takeTurn = async (call: Identity, id: string, turn: number): Promise<void> => {
    const name = `turn-${turn}`;
    const replica = replicas[turn % 2 === 0 ? 0 : 1];
    const rpc = replica.withToken(call.generation(1)).openTurn();
    rpc.send({
      conversation_id: id,
      customer_org_id: call.organisation,
      event_input: { event_type: turn === 0 ? 'SESSION_START' : 'CUSTOM_EVENT', name },
    });
    const outcome = outcomeOf(await rpc.status);
    const events = rpc.messages.flatMap(({ output_events }) => output_events ?? []);
    const isAnswered = turn === 0 || events.some((event) => event.name === name);
    if (outcome !== 'OK' || !isAnswered) lost.push(`${name} of ${id}: ${outcome}`);
    turns += 1;
  };
  const place = async (index: number): Promise<void> => {
    for (let calls = 0; !end.signal.aborted; calls += 1) {
      const call = createIdentity();
      for (let turn = 0; turn < TURNS; turn += 1)
        await takeTurn(call, `load-${index}-${calls}`, turn + (index % 2));
    }
  };
  const calls = Array.from({ length: CALLS }, (_, index) => place(index));
  return {
    /** Waits until the calls have got on. */
    async goesOn() {
      const before = turns;
      await expect.poll(() => turns, NOTICED).toBeGreaterThan(before + CALLS * TURNS);
    },
    /** Lets the calls under way finish. @returns What went wrong. */
    async stop() {
      end.abort();
      await Promise.all(calls);
      return lost;
    },
  };
}

describe('two gateways that share a Redis', () => {
  it('[check 32] agree within a second on what is retired, in both directions', async () => {
    const { show } = createIdentity();
    for (const replica of [one, other]) expect(await show(replica, 1)).toBe('OK');
    for (const index of [2, 3]) expect(await show(one, index)).toBe('OK');
    await expect.poll(() => show(other, 1), AGREED).toBe(SUPERSEDED);
    for (const index of [2, 3, 4]) expect(await show(other, index)).toBe('OK');
    await expect.poll(() => show(one, 2), AGREED).toBe(SUPERSEDED);
    for (const index of [3, 4]) expect(await show(one, index)).toBe('OK');
  });

  it('refuse a new token with an id that the other has seen in another', async () => {
    const { mint, use } = createIdentity();
    const first = mint(1, 'the-nonce');
    expect(await use(one, first)).toBe('OK');
    expect(await use(other, mint(2, 'the-nonce'))).toBe(REUSED);
    expect(await use(other, first)).toBe('OK');
    expect(await use(other, mint(3))).toBe('OK');
  });

  it('lose no call when Redis dies under load, raise the alarm, and mend by themselves', async () => {
    const [before, meanwhile] = [createIdentity(), createIdentity()];
    for (const index of [1, 2, 3]) expect(await before.show(one, index)).toBe('OK');
    expect(await before.show(other, 3)).toBe('OK');
    for (const replica of [one, other])
      for (const index of [1, 2]) expect(await meanwhile.show(replica, index)).toBe('OK');
    const load = startLoad();
    await load.goesOn();

    await redis.kill();
    for (const replica of [one, other]) await expect.poll(replica.degraded, NOTICED).toBe(1);
    await load.goesOn();
    for (const replica of [one, other]) expect(await before.show(replica, 1)).toBe(SUPERSEDED);
    // Replicas that cannot talk: one has met the newer token, the other has not.
    expect(await meanwhile.show(one, 3)).toBe('OK');
    expect(await meanwhile.show(one, 1)).toBe(SUPERSEDED);
    expect(await meanwhile.show(other, 1)).toBe('OK');
    expect(await Promise.all([one.degraded(), other.degraded()])).toEqual([1, 1]);

    await redis.start();
    for (const replica of [one, other]) await expect.poll(replica.degraded, NOTICED).toBe(0);
    await load.goesOn();
    expect(await load.stop()).toEqual([]);
    for (const replica of [one, other]) {
      expect(replica.replayEvents).toEqual(['auth.replay.degraded', 'auth.replay.recovered']);
      expect(await before.show(replica, 1)).toBe(SUPERSEDED);
      for (const index of [2, 3]) expect(await before.show(replica, index)).toBe('OK');
    }
    // A token it has not seen, so that it asks, and tells what it knows.
    expect(await meanwhile.show(one, 4)).toBe('OK');
    await expect.poll(() => meanwhile.show(other, 1), AGREED).toBe(SUPERSEDED);
  });

  it('still refuse what was retired when one of them is started anew, and Redis too', async () => {
    const { show } = createIdentity();
    for (const index of [1, 2, 3]) expect(await show(one, index)).toBe('OK');
    expect(await other.stop()).toBe(0);
    await redis.kill();
    expect(await show(one, 4)).toBe('OK');
    expect(await one.degraded()).toBe(1);
    await redis.start();
    [other] = await Promise.all([startReplica(), expect.poll(one.degraded, NOTICED).toBe(0)]);
    expect(await show(one, 5)).toBe('OK');
    for (const index of [1, 2, 3]) expect(await show(other, index)).toBe(SUPERSEDED);
    for (const index of [4, 5]) expect(await show(other, index)).toBe('OK');
  });
});

describe('two gateways that share a Redis and refuse without it', () => {
  it('answer UNAVAILABLE while it is down, and calls again when it is back', async () => {
    const policy = 'single-use';
    const both = await Promise.all([startReplica({ policy }), startReplica({ policy })]);
    const [first, second] = both;
    const { mint, use } = createIdentity();
    const [spent, unspent] = [mint(1), mint(2)];
    expect(await use(first, spent)).toBe('OK');
    for (const replica of both) expect(await use(replica, spent)).toBe(REUSED);

    await redis.kill();
    for (const replica of both) {
      expect(await use(replica, unspent)).toBe(STORE_DOWN);
      expect(await replica.degraded()).toBe(1);
    }

    await redis.start();
    for (const replica of both) await expect.poll(replica.degraded, NOTICED).toBe(0);
    expect(await use(first, unspent)).toBe('OK');
    expect(await use(second, unspent)).toBe(REUSED);
    // Redis has lost it, but not the replica that admitted it.
    expect(await use(first, spent)).toBe(REUSED);
  });
});
