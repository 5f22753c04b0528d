import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it } from 'vitest';

import type { Webex } from '../../src/simulator/caller.ts';
import { type DrivenClock, createDrivenClock } from '../support/driven-clock.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';
import { createManualCall } from '../support/manual-call.ts';

const CALLS = 200;
/** What each caller presses; the last key ends the call. */
const KEYS = ['1', '2', '#'];
const TURNS = CALLS * (1 + KEYS.length);
const OVERLAP_SECONDS = 60;
const LIFETIME_SECONDS = 3_600;
const CLOCK_SKEW_SECONDS = 30;
/** The old token was minted a while before the new one. */
const AGE_SECONDS = 600;

let rig: GatewayRig;
let clock: DrivenClock;
afterEach(() => rig.close());

async function start(replay: Readonly<Record<string, unknown>>): Promise<void> {
  clock = createDrivenClock();
  rig = await startGatewayRig({
    clock,
    trust: { clockSkewSeconds: CLOCK_SKEW_SECONDS, replay: { policy: 'rotation', ...replay } },
    config: {
      agents: [
        { id: 'echo', default: true, bot: { use: 'echo', options: { greeting: 'Hello.' } } },
      ],
    },
  });
}

/** A generation of the data source's token. */
function generation(tokenId: string, ageSeconds: number): string {
  const iat = Math.floor(clock.now() / 1_000) - ageSeconds;
  return rig.token({ tokenId }, { claims: { iat, exp: iat + LIFETIME_SECONDS } });
}

/** A host of Webex that goes over to the new token with its RPC number `after`. */
function createHost(old: string, renewed: string, after: number) {
  let rpcs = 0;
  const webex = rig.webex({ token: () => ((rpcs += 1) <= after ? old : renewed) });
  return { webex, rpcs: () => rpcs };
}

/** The code that a token is refused with, or `OK`. */
async function codeOf(token: string): Promise<string> {
  const { status } = await rig.webex({ token }).listVirtualAgents(ORGANISATION);
  return status.code === 0 ? 'OK' : `${status.name} ${status.details.split(':')[0]}`;
}

async function decisions(): Promise<Readonly<Record<string, number>>> {
  const lines = (await rig.metric('byova_replay_decisions_total{')).split('\n');
  return Object.fromEntries(
    lines.map((line) => [/decision="([^"]+)"/u.exec(line)?.[1], Number(line.split(' ').at(-1))]),
  );
}

/** A whole call, its turns shared between the hosts. */
async function see(hosts: readonly [Webex, Webex], index: number) {
  const call = createManualCall(randomUUID());
  const host = (turn: number): Webex => hosts[(index + turn) % 2 ? 1 : 0];
  const codes = [(await call.start(host(0))).code];
  for (const [turn, key] of KEYS.entries())
    codes.push((await call.press(host(turn + 1), key)).code);
  return { codes, violations: call.violations };
}

describe('a token that is renewed during two hundred calls', () => {
  it('[check 32] fails no turn, is accepted in both generations while they overlap, and in the new one afterwards', async () => {
    await start({ overlapSeconds: OVERLAP_SECONDS });
    const [old, renewed] = [generation('first', AGE_SECONDS), generation('second', 0)];
    // One host goes over early, the other late: between the two, both tokens come in turns.
    const early = createHost(old, renewed, TURNS / 8);
    const late = createHost(old, renewed, (TURNS * 3) / 8);
    const hosts = [early.webex, late.webex] as const;
    const calls = await Promise.all(Array.from({ length: CALLS }, (_, index) => see(hosts, index)));
    expect(calls.flatMap(({ violations }) => violations)).toEqual([]);
    expect([...new Set(calls.flatMap(({ codes }) => codes))]).toEqual([0]);
    expect([early.rpcs(), late.rpcs()]).toEqual([TURNS / 2, TURNS / 2]);
    const { previous = 0, ...others } = await decisions();
    expect(others).toEqual({ current: 2 });
    expect(previous).toBeGreaterThan(CALLS / 4);

    expect(await codeOf(old)).toBe('OK');
    clock.skip((OVERLAP_SECONDS + 1) * 1_000);
    expect(await codeOf(old)).toBe('UNAUTHENTICATED ERR_AUTH_SUPERSEDED');
    expect(await codeOf(renewed)).toBe('OK');
    for (const tokenId of ['first', 'second'])
      expect(await codeOf(generation(tokenId, -1))).toBe(
        'UNAUTHENTICATED ERR_AUTH_TOKEN_ID_REUSED',
      );
    expect(await codeOf(generation('third', -1))).toBe('OK');
  });

  it('[check 32] is accepted in the old generation until that expires, unless the overlap is shorter', async () => {
    await start({});
    const [old, renewed] = [generation('first', AGE_SECONDS), generation('second', 0)];
    for (const token of [old, renewed, old]) expect(await codeOf(token)).toBe('OK');
    clock.skip((LIFETIME_SECONDS - AGE_SECONDS - 1) * 1_000);
    expect(await codeOf(old)).toBe('OK');
    clock.skip((CLOCK_SKEW_SECONDS + 2) * 1_000);
    expect(await codeOf(old)).toBe('UNAUTHENTICATED ERR_AUTH_EXPIRED');
    expect(await codeOf(renewed)).toBe('OK');
  });
});
