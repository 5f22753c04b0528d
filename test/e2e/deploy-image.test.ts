import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { checkHealth } from '../../src/simulator/check-health.ts';
import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import { createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { type BuiltImage, buildImage } from '../deploy/docker-build.ts';
import { MINIMAL_CONFIG } from '../support/config-text.ts';
import { KEY } from '../support/gateway-rig.ts';

const NOBODY = 1000;
/** `npm ci` and the build take half a minute, and several on a machine with other things to do. */
const BUILD_TIMEOUT_MS = 300_000;

// The steps of the Dockerfile, run without Docker, and the program that comes out of them.
describe('the image', { timeout: 30_000 }, () => {
  let scratch: string;
  let image: BuiltImage;
  let keyServer: KeyServer;
  let gateway: ChildProcess;
  let ready: { readonly grpcPort: number; readonly adminPort: number };
  let before: readonly string[];

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'byova-image-'));
    await chmod(scratch, 0o755);
    image = await buildImage(scratch);
    const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb', key: await KEY });
    keyServer = await startKeyServer(issuer);
    const config = join(scratch, 'byova.yaml');
    await writeFile(
      config,
      `
grpc: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
trust: { issuers: [ { issuer: "${issuer.issuer}", jwksUri: "${keyServer.jwksUri}" } ] }
${MINIMAL_CONFIG}`,
    );
    before = await listFiles(image.folder);
    const [program, ...args] = [...image.entrypoint, ...image.cmd].map((word) =>
      word === '/etc/byova/byova.yaml' ? config : word,
    );
    expect(program).toBe('node');
    gateway = spawn(process.execPath, args, {
      cwd: join(image.folder, image.workdir),
      env: image.env,
      stdio: ['ignore', 'pipe', 'inherit'],
      // The user of the image, who owns none of its files; nobody else than root can become one.
      ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    ready = await readReady(gateway);
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    gateway.kill('SIGKILL');
    await keyServer.close();
    await rm(scratch, { recursive: true });
  });

  it('holds what is needed to run, and nothing that was needed to build', async () => {
    expect(image.user).toBe(`${NOBODY}:${NOBODY}`);
    const folder = join(image.folder, image.workdir);
    expect((await readdir(folder)).sort()).toEqual([
      'dist',
      'node_modules',
      'package.json',
      'proto',
    ]);
    const modules = await readdir(join(folder, 'node_modules'));
    expect(modules).toContain('fastify');
    expect(modules).not.toContain('typescript');
    expect(modules).not.toContain('vitest');
  });

  it('is ready, healthy by its own check, and serves gRPC', async () => {
    const admin = `http://127.0.0.1:${ready.adminPort}`;
    await vi.waitFor(
      async () => {
        expect((await fetch(`${admin}/readyz`)).status).toBe(200);
        const states = (await (await fetch(`${admin}/dependencies`)).json()) as object;
        // One process a core; on one core it is the only one.
        const workers = availableParallelism();
        expect(states).toMatchObject(workers > 1 ? { workers: { ready: workers } } : {});
      },
      { timeout: 20_000 },
    );
    const [, ...args] = image.healthcheck.map((word) =>
      word.replace(':9090/', `:${ready.adminPort}/`),
    );
    await expect(promisify(execFile)(process.execPath, args)).resolves.toBeDefined();
    const target = { target: `127.0.0.1:${ready.grpcPort}` };
    expect((await checkHealth(target, '', 5_000)).health).toBe('SERVING');
  });

  it('stops when it is told to, and has written nothing', async () => {
    const ended = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    expect(await listFiles(image.folder)).toEqual(before);
  });
});

async function readReady(child: ChildProcess): Promise<{ grpcPort: number; adminPort: number }> {
  if (child.stdout === null) throw new Error('the gateway has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { event: string; grpcPort: number; adminPort: number };
    if (entry.event !== 'gateway.ready') continue;
    child.stdout.resume();
    return entry;
  }
  throw new Error('the gateway ended before it was ready');
}

/** Every file with the time it was changed. */
async function listFiles(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true });
  return Promise.all(
    files.map(async (file) => `${file} ${(await stat(join(folder, file))).mtimeMs}`),
  );
}
