import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { type GatewayRig, startGatewayRig } from '../support/gateway-rig.ts';
import { createManualCall } from '../support/manual-call.ts';
import { findFreePort } from '../support/redis-server.ts';
import { findTool } from '../support/tools.ts';

/** Alerts that a test can bring about in seconds; the others are driven by deploy/prometheus/alerts.test.yaml. */
const DRIVEN = [
  'ByovaTurnsFail',
  'ByovaTurnsFailSlowly',
  'ByovaAnswersAreSlow',
  'ByovaCallersAreGivenUp',
  'ByovaCallsAreRefused',
  'ByovaNobodyGetsIn',
  'ByovaReplayStoreIsDown',
  'ByovaEventLoopIsSlow',
];

let folder = '';
let rig: GatewayRig;
let prometheus: { readonly port: number; close(): Promise<void> };

/** Our rules, in which minutes and hours are seconds. */
async function hastyRules(): Promise<string> {
  const rules = await readFile(
    resolve(import.meta.dirname, '../../deploy/prometheus/alerts.yaml'),
    'utf8',
  );
  return rules.replace(/for: \d+m/gu, 'for: 1s').replace(/\[\d+[mh]\]/gu, '[15s]');
}

async function startPrometheus(target: string): Promise<typeof prometheus> {
  const port = await findFreePort();
  await writeFile(join(folder, 'alerts.yaml'), await hastyRules());
  await writeFile(
    join(folder, 'prometheus.yaml'),
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['alerts.yaml'],
      scrape_configs: [{ job_name: 'byova', static_configs: [{ targets: [target] }] }],
    }),
  );
  const child = spawn(
    findTool('prometheus') ?? 'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  return {
    port,
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function firing(): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${prometheus.port}/api/v1/alerts`);
  const { data } = (await response.json()) as {
    readonly data: {
      readonly alerts: readonly {
        readonly state: string;
        readonly labels: { readonly alertname: string };
      }[];
    };
  };
  return data.alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels }) => labels.alertname);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-prometheus-'));
  await writeFile(
    join(folder, 'bot.mjs'),
    `
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    export const bot = {
      name: 'moody',
      create: () => ({
        name: 'moody',
        async *answer(call, input) {
          if (input.digits === '1') throw new Error('no');
          if (input.digits === '2') await sleep(2500);
          if (input.digits === '3') for (const until = Date.now() + 300; Date.now() < until; );
          if (input.digits === '9') yield { type: 'end', name: '', metadata: {} };
          if (input.digits === '2') yield { type: 'say', text: 'Yes.' };
        },
      }),
    };`,
  );
  const nobody = await findFreePort();
  rig = await startGatewayRig({
    trust: { replay: { policy: 'rotation', redis: { url: `redis://127.0.0.1:${nobody}/0` } } },
    config: {
      agents: [
        {
          id: 'moody',
          default: true,
          bot: { use: join(folder, 'bot.mjs'), limits: { breakerFailures: 1000 } },
          filler: { times: 0 },
        },
      ],
      conversation: { maxConversations: 12, idleTimeoutSeconds: 2 },
    },
  });
  prometheus = await startPrometheus(`127.0.0.1:${rig.gateway.adminPort}`);
}, 60_000);
afterAll(async () => {
  await prometheus.close();
  await rig.close();
  await rm(folder, { recursive: true });
});

it('fires in a real Prometheus for each condition, and no alert fires that was not driven', async () => {
  const over = new AbortController();
  const webex = rig.webex();
  const stranger = rig.webex({ token: 'no.token.at-all' });
  /** Calls one after another, in each of which `key` is pressed three times. */
  const press = async (key: string): Promise<void> => {
    while (!over.signal.aborted) {
      const call = createManualCall(randomUUID());
      await call.start(webex);
      for (const pressed of [key, key, key, '9']) await call.press(webex, pressed);
      await sleep(200);
    }
  };
  /** Callers who say nothing more, and keep everybody else out until they are given up. */
  const hold = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await createManualCall(randomUUID()).start(webex);
      await sleep(100);
    }
  };
  const knock = async (): Promise<void> => {
    while (!over.signal.aborted) await createManualCall(randomUUID()).start(stranger);
  };
  const everybody = Promise.all([
    ...['1', '1', '2', '2', '3'].map(press),
    hold(),
    knock(),
    knock(),
  ]);
  const seen = new Set<string>();
  try {
    await vi.waitFor(
      async () => {
        for (const name of await firing()) seen.add(name);
        expect([...seen].sort()).toEqual([...DRIVEN].sort());
      },
      { timeout: 60_000, interval: 500 },
    );
  } finally {
    over.abort();
    await everybody;
  }
}, 90_000);
