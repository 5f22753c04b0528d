import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const ORGANISATION = '00000000-0000-4000-8000-000000000001';

let folder = '';
let gateway: ChildProcess | undefined;

/** Packs the package and installs it, with what it depends on, as a bot developer would. */
async function install(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'byova-first-bot-'));
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const quiet = ['--no-audit', '--no-fund', '--omit=peer', '--prefer-offline'];
  await run('npm', ['install', ...quiet, `./${tarball}`], { cwd: folder });
}

/** The bot of the README, as it stands there. */
async function pasteBot(): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const bot = /```js\n(import \{ defineBot[^]*?)```/u.exec(readme)?.[1] ?? '';
  await writeFile(join(folder, 'hello-bot.mjs'), bot);
  return bot;
}

async function startGateway(): Promise<number> {
  const child = spawn(
    'node_modules/.bin/byova',
    ['dev', '--bot', './hello-bot.mjs', '--port', '0'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  gateway = child;
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /grpcPort=(\d+)/u.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return Number(port);
  }
  throw new Error('the gateway did not start');
}

beforeAll(install, 120_000);
afterAll(async () => {
  if (gateway !== undefined && gateway.exitCode === null) {
    const exited = new Promise((done) => gateway?.once('exit', done));
    gateway.kill('SIGTERM');
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
});

it('a bot in fifteen lines, pasted into an empty folder with the package, answers a call', async () => {
  const bot = await pasteBot();
  expect(bot.trim().split('\n').length).toBeLessThanOrEqual(15);
  const port = await startGateway();
  const { stdout } = await run(
    'node_modules/.bin/byova',
    [
      'call',
      `--target=127.0.0.1:${port}`,
      '--issuer-key=.byova/issuer-key.json',
      `--org=${ORGANISATION}`,
      '--dtmf=2',
    ],
    { cwd: folder },
  );
  expect(stdout).toContain('TRANSFER_TO_AGENT');
}, 60_000);
