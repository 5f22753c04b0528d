import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { connectWebex } from '../../src/simulator/caller.ts';
import { CREDENTIAL, ORGANISATION } from '../support/gateway-rig.ts';
import { type GatewayProcesses, startGatewayProcesses } from '../support/gateway-processes.ts';

const ENTRY = resolve(import.meta.dirname, '../../dist/cli/byova.js');
const AGENTS = [{ id: 'echo', default: true, bot: { use: 'echo' } }];
const TIMEOUT_MS = 30_000;

let rig: GatewayProcesses | undefined;

beforeAll(async () => {
  rig = await startGatewayProcesses(1, { agents: AGENTS }, undefined, ['--workers', '2']);
  const { gateway } = get();
  await vi.waitFor(() => expect(gateway.workers).toHaveLength(2), { timeout: TIMEOUT_MS });
}, TIMEOUT_MS);
afterAll(async () => rig?.close());

function get() {
  const gateway = rig?.gateways[0];
  if (rig === undefined || gateway === undefined) throw new Error('nothing was started');
  const { grpcPort, adminPort } = gateway;
  const admin = `http://127.0.0.1:${adminPort}`;
  return { rig, gateway, admin, target: `127.0.0.1:${grpcPort}` };
}

/** One RPC on a connection of its own: the primary deals connections out in turn. */
async function list(target: string, token: string): Promise<readonly string[]> {
  const webex = connectWebex({ target, token });
  try {
    return (await webex.listVirtualAgents(ORGANISATION)).agents.map(({ id }) => id);
  } finally {
    webex.close();
  }
}

async function countRpcs(admin: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const counts = text.matchAll(/^byova_rpcs_total\{[^}]*\} (\d+)$/gmu);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it(
  'the admin port shows two workers as one gateway that is ready, with sums',
  async () => {
    const {
      rig: { token },
      admin,
      target,
    } = get();
    await vi.waitFor(async () => expect((await fetch(`${admin}/readyz`)).status).toBe(200), {
      timeout: TIMEOUT_MS,
    });
    const before = await countRpcs(admin);
    for (let call = 0; call < 4; call += 1) expect(await list(target, token)).toEqual(['echo']);
    expect(await countRpcs(admin)).toBe(before + 4);
  },
  TIMEOUT_MS,
);

it(
  'a worker that is killed is replaced, calls go on, and no sum goes down',
  async () => {
    const {
      rig: { token },
      gateway,
      admin,
      target,
    } = get();
    const before = await countRpcs(admin);
    expect(before).toBeGreaterThan(0);
    const [victim] = gateway.workers;
    if (victim === undefined) throw new Error('there is no worker');
    process.kill(victim, 'SIGKILL');
    await gateway.logged('worker.died');
    await vi.waitFor(() => expect(gateway.workers).toHaveLength(3), { timeout: TIMEOUT_MS });
    for (let call = 0; call < 4; call += 1) expect(await list(target, token)).toEqual(['echo']);
    expect(await countRpcs(admin)).toBe(before + 4);
  },
  TIMEOUT_MS,
);

it(
  'a token that two newer ones have replaced is refused by whichever worker it reaches',
  async () => {
    const {
      rig: { issuer, token: old },
      target,
    } = get();
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const mint = (iat: number): string => issuer.mint(CREDENTIAL, { claims: { iat } });
    const statusOf = async (token: string) => {
      const webex = connectWebex({ target, token });
      try {
        return (await webex.listVirtualAgents(ORGANISATION)).status.name;
      } finally {
        webex.close();
      }
    };
    // Each on a connection of its own, dealt out in turn: both workers know the old token, and each sees one newer.
    expect(await statusOf(mint(nowSeconds + 2))).toBe('OK');
    expect(await statusOf(mint(nowSeconds + 3))).toBe('OK');
    // What one has decided, the others follow within a second.
    await vi.waitFor(
      async () => {
        expect(await statusOf(old)).toBe('UNAUTHENTICATED');
        expect(await statusOf(old)).toBe('UNAUTHENTICATED');
      },
      { timeout: 5_000, interval: 100 },
    );
  },
  TIMEOUT_MS,
);

it(
  'SIGTERM drains all workers, and the exit code is 0',
  async () => {
    const { gateway } = get();
    const workers = gateway.workers.slice(-2);
    gateway.signal('SIGTERM');
    expect(await gateway.ended()).toBe(0);
    expect(workers.filter(isAlive)).toEqual([]);
  },
  TIMEOUT_MS,
);

it(
  'workers end when their primary is killed',
  async () => {
    const { gateway } = get();
    const known = gateway.workers.length;
    await gateway.start();
    await vi.waitFor(() => expect(gateway.workers).toHaveLength(known + 2), {
      timeout: TIMEOUT_MS,
    });
    gateway.signal('SIGKILL');
    await gateway.ended();
    await vi.waitFor(() => expect(gateway.workers.filter(isAlive)).toEqual([]), {
      timeout: TIMEOUT_MS,
    });
  },
  TIMEOUT_MS,
);

it(
  'a bot that cannot be loaded ends the primary with exit code 78',
  async () => {
    const {
      rig: { folder },
    } = get();
    const file = join(folder, 'bad.yaml');
    await writeFile(
      file,
      JSON.stringify({
        grpc: { listen: '127.0.0.1:0' },
        admin: { listen: '127.0.0.1:0' },
        trust: {
          issuers: [{ issuer: 'http://127.0.0.1/idb', jwksUri: 'http://127.0.0.1:9/keys' }],
        },
        dataSources: [
          {
            url: 'https://bots.example',
            audience: 'a',
            subject: 's',
            organizations: [ORGANISATION],
          },
        ],
        agents: [{ id: 'lost', default: true, bot: { use: './lost.mjs' } }],
      }),
    );
    const child = spawn(process.execPath, [ENTRY, 'serve', '--config', file, '--workers', '2'], {
      stdio: 'ignore',
    });
    expect((await once(child, 'exit'))[0]).toBe(78);
  },
  TIMEOUT_MS,
);
