import assert from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { vi } from 'vitest';

import { type KeyServer, startKeyServer } from '../../src/simulator/key-server.ts';
import { type TokenIssuer, createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { CREDENTIAL, DATA_SOURCE, ORGANISATION } from './gateway-rig.ts';
import { findFreePort } from './redis-server.ts';

/** The built program; `test/support/build.ts` keeps it current. */
const ENTRY = resolve(import.meta.dirname, '../../dist/cli/byova.js');

/** `admin.token` of these gateways. */
export const OPERATOR_TOKEN = 'a-token-of-the-operators';

/** A gateway in a process of its own, which keeps its ports when it is started again. */
interface GatewayProcess {
  readonly grpcPort: number;
  readonly adminPort: number;
  /** Lines of its log that hold an error. */
  readonly errors: readonly string[];
  /** Process ids of workers, in the order they answered. */
  readonly workers: readonly number[];
  readonly pid: () => number | undefined;
  /** Lines of its log with the event, as far as they have come. */
  linesOf(event: string): readonly Readonly<Record<string, unknown>>[];
  start(): Promise<void>;
  /** Writes its configuration anew, with these settings changed. */
  rewrite(changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** Waits until it has logged the event, whenever that was. */
  logged(event: string): Promise<void>;
  /** Sends a signal. */
  signal(name: NodeJS.Signals): void;
  /** Waits for the end; gives the exit code, `null` after SIGKILL. */
  readonly ended: () => Promise<number | null>;
}

/** Several gateways that trust one issuer. */
export interface GatewayProcesses {
  readonly gateways: readonly GatewayProcess[];
  readonly folder: string;
  readonly issuer: TokenIssuer;
  readonly token: string;
  close(): Promise<void>;
}

/** How Node.js itself is started. */
interface Runtime {
  /** What stands before the program, such as `--import`. */
  readonly nodeArgs?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `count` gateways with `settings` besides ports, issuer and data source. */
export async function startGatewayProcesses(
  count: number,
  settings: Readonly<Record<string, unknown>>,
  tls?: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  runtime: Runtime = {},
): Promise<GatewayProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-processes-'));
  const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb' });
  const keyServer: KeyServer = await startKeyServer(issuer);
  const gateways: GatewayProcess[] = [];
  for (let index = 0; index < count; index += 1) {
    const [grpcPort, adminPort] = [await findFreePort(), await findFreePort()];
    const file = join(folder, `gateway-${index}.yaml`);
    const write = (changes: Readonly<Record<string, unknown>>): Promise<void> =>
      writeFile(
        file,
        JSON.stringify({
          admin: { listen: `127.0.0.1:${adminPort}`, token: OPERATOR_TOKEN },
          trust: { issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }] },
          dataSources: [{ ...DATA_SOURCE, organizations: [ORGANISATION] }],
          ...settings,
          ...changes,
          grpc: { listen: `127.0.0.1:${grpcPort}`, ...(tls && { tls }) },
        }),
      );
    await write({});
    gateways.push(createProcess(file, grpcPort, adminPort, write, args, runtime));
  }
  const close = async (): Promise<void> => {
    for (const gateway of gateways) gateway.signal('SIGKILL');
    await Promise.all(gateways.map((gateway) => gateway.ended()));
    await keyServer.close();
    await rm(folder, { recursive: true });
  };
  try {
    await Promise.all(gateways.map((gateway) => gateway.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    gateways,
    folder,
    issuer,
    token: issuer.mint(CREDENTIAL),
    close,
  };
}

function createProcess(
  file: string,
  grpcPort: number,
  adminPort: number,
  rewrite: GatewayProcess['rewrite'],
  args: readonly string[],
  { nodeArgs = [], env = {} }: Runtime,
): GatewayProcess {
  const errors: string[] = [];
  const workers: number[] = [];
  const lines: Readonly<Record<string, unknown>>[] = [];
  let child: ChildProcess | undefined;
  const linesOf = (wanted: string) => lines.filter(({ event }) => event === wanted);
  return {
    grpcPort,
    adminPort,
    errors,
    workers,
    pid: () => child?.pid,
    rewrite,
    linesOf,
    logged: (event) => vi.waitFor(() => assert(linesOf(event).length > 0), { timeout: 20_000 }),
    async start() {
      const program = [...nodeArgs, ENTRY, 'serve', '--config', file, ...args];
      const started = spawn(process.execPath, program, {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...env },
      });
      child = started;
      const { stdout } = started;
      await new Promise<void>((done, fail) => {
        started.once('exit', () => fail(new Error('the gateway stopped before it was ready')));
        const timer = setTimeout(() => fail(new Error('the gateway is not ready')), 20_000);
        createInterface({ input: stdout }).on('line', (line) => {
          if (line.includes('"gateway.ready"')) {
            clearTimeout(timer);
            done();
          }
          if (line.includes('"level":"error"')) errors.push(line);
          // Node.js itself says things as well.
          if (!line.startsWith('{')) return;
          const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
          if (entry['event'] === 'worker.started') workers.push(Number(entry['pid']));
          lines.push(entry);
        });
      });
    },
    signal(name) {
      child?.kill(name);
    },
    async ended() {
      if (child === undefined) return null;
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode;
    },
  };
}
