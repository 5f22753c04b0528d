import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Webex } from '../../src/simulator/caller.ts';
import { checkHealth } from '../../src/simulator/check-health.ts';
import type { KeyFault } from '../../src/simulator/key-fault.ts';
import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import { type DrivenClock, createDrivenClock } from '../support/driven-clock.ts';
import {
  type GatewayRig,
  type GatewayRigOptions,
  ORGANISATION,
  startGatewayRig,
} from '../support/gateway-rig.ts';
import { type ManualCall, createManualCall } from '../support/manual-call.ts';

/** The gateway's clock runs as fast as the simulated callers talk. */
const SPEED = 20;
const OK = 0;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The keys' time to live, as the key server says. */
const TTL_MS = 6 * HOUR_MS;
const STALE_MS = 24 * HOUR_MS;
const FETCH_TIMEOUT_MS = 10_000;
const COOL_DOWN_MS = 30_000;
const MAX_BACK_OFF_MS = 5 * MINUTE_MS;
const RETRY_AFTER_MS = 30 * MINUTE_MS;

/** One step of an outage that is walked through; most fetches would be one a step. */
const STEP_MS = 10_000;
const STEPS = 20;

let rig: GatewayRig;
let clock: DrivenClock;
const servers: KeyServer[] = [];
afterEach(async () => {
  await rig.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(trust: GatewayRigOptions['trust'] = {}): Promise<void> {
  clock = createDrivenClock(SPEED);
  rig = await startGatewayRig({
    clock,
    // Each call has a token of its own here, and many in one second are of no certain order.
    trust: { replay: { policy: 'off' }, ...trust },
    config: {
      agents: [
        { id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } },
      ],
      // A call lasts longer than the keys.
      conversation: { idleTimeoutSeconds: 86_400 },
    },
  });
}

const newToken = (): string => rig.token({ lifetimeSeconds: 7 * 86_400 });
/** A Webex that shows a token nobody has seen yet with each RPC. */
const connectWithNewTokens = (): Webex => rig.webex({ token: newToken });
/** A Webex that shows the same token again and again. */
const connectWithOneToken = (): Webex => rig.webex({ token: newToken() });

function fifty(): readonly ManualCall[] {
  return Array.from({ length: 50 }, () => createManualCall(randomUUID()));
}

/** All at once: half over a connection whose token is known, half over one whose tokens are new. */
async function codesOf(
  calls: readonly ManualCall[],
  webexes: readonly [Webex, Webex],
  turn: (call: ManualCall, webex: Webex) => ReturnType<ManualCall['start']>,
): Promise<readonly number[]> {
  const ends = await Promise.all(
    calls.map((call, index) => turn(call, webexes[index % 2 ? 1 : 0])),
  );
  return [...new Set(ends.map(({ code }) => code))];
}

/** A caller whose sound is streamed, as fast as the gateway's clock runs. */
async function phone(webex: Webex): Promise<void> {
  const { outcome, violations } = await webex.placeCall({
    organisationId: ORGANISATION,
    speed: SPEED,
    record: false,
    script: [
      { type: 'press', digits: '1' },
      { type: 'press', digits: '#', bargeIn: true },
    ],
  });
  expect([outcome, violations]).toEqual(['ended-by-bot', []]);
}

/** Somebody who shows, with each RPC, a token with another key id that nobody publishes. */
const connectInventor = (): Webex =>
  rig.webex({ token: () => rig.token({}, { header: { kid: randomUUID() } }) });

const reasons = (): readonly unknown[] =>
  rig.log.lines
    .filter(({ fields }) => fields['event'] === 'auth.keys.failed')
    .map(({ fields }) => fields['reason']);
const fetched = (): number =>
  rig.log.events().filter((event) => event === 'auth.keys.fetched').length;

/** Lets the longest wait between two fetches pass, until one brings keys. */
async function recovery(fetches: number): Promise<void> {
  await vi.waitFor(
    () => {
      if (fetched() < fetches) clock.skip(MAX_BACK_OFF_MS);
      expect(fetched()).toBe(fetches);
    },
    { interval: 50, timeout: 10_000 },
  );
}

/**
 * The bound that `createRefreshLoop` states, counted from a first failure: waits of at least half of 1 s, 2 s, 4 s … 5 min
 * and of what the server asked for, and one fetch a cool-down for keys that are missing.
 */
function mostFetches(elapsedMs: number, askedMs: number): number {
  let refreshes = 0;
  for (let atMs = 0; ; refreshes += 1) {
    atMs += Math.max(0.5 * Math.min(1_000 * 2 ** refreshes, MAX_BACK_OFF_MS), askedMs);
    if (atMs > elapsedMs) break;
  }
  return refreshes + Math.floor(elapsedMs / Math.max(COOL_DOWN_MS, askedMs));
}

interface Outage {
  readonly title: string;
  readonly fault: KeyFault;
  readonly reason: string;
  readonly askedMs?: number;
}

const OUTAGES: readonly Outage[] = [
  {
    title: '[check 36] says 429 and when to come back',
    fault: { type: 'status', status: 429, retryAfterSeconds: RETRY_AFTER_MS / 1_000 },
    reason: 'rate-limited',
    askedMs: RETRY_AFTER_MS,
  },
  { title: 'says 500', fault: { type: 'status', status: 500 }, reason: 'status' },
  { title: 'never answers', fault: { type: 'hang' }, reason: 'timeout' },
  { title: 'drips', fault: { type: 'slow-drip', everyMs: 50 }, reason: 'timeout' },
  { title: 'breaks off', fault: { type: 'truncated' }, reason: 'network' },
  { title: 'sends 10 MB', fault: { type: 'oversized' }, reason: 'too-large' },
  { title: 'sends a web page', fault: { type: 'wrong-content' }, reason: 'malformed' },
];

/** Fifty calls live through an outage that begins when the keys' time to live is over. */
async function liveThrough({ fault, reason, askedMs = 0 }: Omit<Outage, 'title'>): Promise<void> {
  const webexes = [connectWithOneToken(), connectWithNewTokens()] as const;
  const calls = fifty();
  expect(await codesOf(calls, webexes, (call, webex) => call.start(webex))).toEqual([OK]);
  expect(rig.keyServer.requests()).toBe(1);

  rig.keyServer.setFault(fault);
  clock.skip(TTL_MS);
  const during = codesOf(calls, webexes, (call, webex) => call.press(webex, '1'));
  await Promise.all(webexes.map(phone));
  expect(await during).toEqual([OK]);
  await expect.poll(() => rig.keyServer.requests()).toBeGreaterThan(1);
  clock.skip(FETCH_TIMEOUT_MS);
  await expect.poll(reasons).toContain(reason);
  expect(await rig.metric('byova_keys_stale')).toBe('byova_keys_stale 1');
  expect(rig.log.events()).toContain('auth.keys.stale');

  const fromMs = clock.now();
  const before = rig.keyServer.requests();
  const inventor = connectInventor();
  const flood: ReturnType<Webex['listVirtualAgents']>[] = [];
  for (const call of calls.slice(0, STEPS)) {
    clock.skip(STEP_MS);
    flood.push(inventor.listVirtualAgents(ORGANISATION));
    expect((await call.press(webexes[1], '2')).code).toBe(OK);
  }
  const fetches = rig.keyServer.requests() - before;
  expect(fetches).toBeLessThanOrEqual(mostFetches(clock.now() - fromMs, askedMs));
  if (askedMs === 0) expect(fetches).toBeGreaterThan(1);

  // Those who wait for a fetch hear how it ends.
  clock.skip(FETCH_TIMEOUT_MS);
  const refusals = await Promise.all(flood);
  expect([...new Set(refusals.map(({ status }) => status.code))]).toEqual([UNAUTHENTICATED]);

  rig.keyServer.setFault({ type: 'none' });
  await recovery(2);
  expect(await rig.metric('byova_keys_stale')).toBe('byova_keys_stale 0');
  expect(await codesOf(calls, webexes, (call, webex) => call.press(webex, '#'))).toEqual([OK]);
  expect(calls.flatMap(({ violations }) => violations)).toEqual([]);
}

describe('[check 37] [check 38] fifty calls go on, fetches stay bounded, and the keys come back by themselves, when the key server', () => {
  it.each(OUTAGES)('$title', async (outage) => {
    await start();
    await liveThrough(outage);
  });

  it('sends the gateway elsewhere, where it does not go', async () => {
    await start();
    const elsewhere = await startKeyServer(rig.issuer);
    servers.push(elsewhere);
    await liveThrough({
      fault: { type: 'redirect', location: elsewhere.jwksUri },
      reason: 'redirect',
    });
    expect(elsewhere.requests()).toBe(0);
  });
});

describe('when keys rotate under fifty calls', () => {
  it('[check 35] learns a new key with one fetch, and drops a withdrawn one with the next refresh, remembered tokens too', async () => {
    await start();
    const old = connectWithOneToken();
    const calls = fifty();
    expect(await codesOf(calls, [old, old], (call, webex) => call.start(webex))).toEqual([OK]);

    await rig.issuer.rotate();
    const middle = connectWithOneToken();
    const news = connectWithNewTokens();
    const press = (call: ManualCall, webex: Webex) => call.press(webex, '1');
    expect(await codesOf(calls, [middle, news], press)).toEqual([OK]);
    expect(await codesOf(calls, [old, middle], press)).toEqual([OK]);
    expect(rig.keyServer.requests()).toBe(2);

    await rig.issuer.rotate({ withdrawOld: true });
    // Nobody can know of it before the refresh.
    expect(await codesOf(calls, [old, middle], press)).toEqual([OK]);
    expect(rig.keyServer.requests()).toBe(2);
    clock.skip(TTL_MS);
    await expect.poll(fetched).toBe(3);
    for (const webex of [old, middle]) {
      const { status } = await webex.listVirtualAgents(ORGANISATION);
      expect(status.code).toBe(UNAUTHENTICATED);
      expect(status.details).toMatch(/^ERR_AUTH_KEY_UNKNOWN/u);
    }
    expect(await codesOf(calls, [news, news], press)).toEqual([OK]);
    // The unknown key was asked for once.
    expect(rig.keyServer.requests()).toBeLessThanOrEqual(4);
    expect(calls.flatMap(({ violations }) => violations)).toEqual([]);
  });
});

const health = async (): Promise<string | undefined> =>
  (await checkHealth({ target: `127.0.0.1:${rig.gateway.grpcPort}` }, '', 5_000)).health;

describe('[check 37] without usable keys', () => {
  it('turns fifty calls of a fresh gateway away as UNAVAILABLE, and takes them when the key server comes up', async () => {
    const down = await startKeyServer({ jwks: () => ({ keys: [] }) });
    await down.close();
    await start({ issuers: [{ issuer: 'http://127.0.0.1/idb', jwksUri: down.jwksUri }] });
    expect(rig.gateway.readiness().reasons).toEqual(['keys-missing']);
    const webexes = [connectWithOneToken(), connectWithNewTokens()] as const;
    const begin = (call: ManualCall, webex: Webex) => call.start(webex);
    expect(await codesOf(fifty(), webexes, begin)).toEqual([UNAVAILABLE]);
    expect(await health()).toBe('NOT_SERVING');
    const { status } = await webexes[0].listVirtualAgents(ORGANISATION);
    expect(status.details).toMatch(/^ERR_AUTH_KEYS_UNAVAILABLE/u);

    servers.push(await startKeyServer(rig.issuer, { port: Number(new URL(down.url).port) }));
    await recovery(1);
    expect(rig.gateway.readiness().reasons).toEqual([]);
    const calls = fifty();
    expect(await codesOf(calls, webexes, begin)).toEqual([OK]);
    expect(calls.flatMap(({ violations }) => violations)).toEqual([]);
    await expect.poll(health).toBe('SERVING');
  });

  it('refuses remembered tokens as well once the stale time is over, and takes them again afterwards', async () => {
    await start();
    const webexes = [connectWithOneToken(), connectWithNewTokens()] as const;
    const begin = (call: ManualCall, webex: Webex) => call.start(webex);
    expect(await codesOf(fifty(), webexes, begin)).toEqual([OK]);
    rig.keyServer.setFault({ type: 'status', status: 500 });
    clock.skip(TTL_MS + STALE_MS - MINUTE_MS);
    await expect.poll(reasons).toContain('status');
    expect(await codesOf(fifty(), webexes, begin)).toEqual([OK]);

    clock.skip(MINUTE_MS);
    expect(await codesOf(fifty(), webexes, begin)).toEqual([UNAVAILABLE]);
    expect(rig.log.events()).toContain('auth.keys.expired');
    rig.keyServer.setFault({ type: 'none' });
    await recovery(2);
    expect(await codesOf(fifty(), webexes, begin)).toEqual([OK]);
  });
});
