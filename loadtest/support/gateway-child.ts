import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../../src/protocols/voice-virtual-agent/schema.ts';
import { startKeyServer } from '../../src/simulator/key-server.ts';
import { createTokenIssuer } from '../../src/simulator/token-issuer.ts';
import { type ChildServer, startChildServer } from './child-server.ts';

/** The organisation of every call. */
export const ORGANISATION = '11111111-2222-4333-8444-555555555555';

/** The real gateway in a process of its own, on one core, with all that it trusts. */
export interface GatewayChild extends Pick<
  ChildServer,
  'cpuMicros' | 'memory' | 'writeHeapSnapshot' | 'profile'
> {
  /** Where it listens, `host:port`. */
  readonly target: string;
  /** Port of its admin server, on the loopback. */
  readonly adminPort: number;
  /** A token that it takes. */
  readonly token: string;
  /** Makes a token of another organisation, or a new one of the same. */
  mint(organisationId: string): string;
  /** All of its series as they are now, by name and labels as they are written. */
  metrics(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

/**
 * Starts `dist/cli/byova.js serve` with the given agents. Build before.
 *
 * @param options Of Node.js, beside the one for the young generation.
 * @param settings More sections of the configuration.
 * @param workers Processes that answer calls; they run on every core. Absent: one process, on one core.
 */
export async function startGatewayChild(
  agents: readonly object[],
  options: readonly string[] = [],
  settings: Readonly<Record<string, unknown>> = {},
  workers?: number,
): Promise<GatewayChild> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-load-'));
  const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb' });
  const keyServer = await startKeyServer(issuer);
  const identity = { url: 'https://voice.example.com:443', audience: 'load', subject: 'load' };
  const file = join(folder, 'byova.yaml');
  await writeFile(
    file,
    JSON.stringify({
      grpc: { listen: '127.0.0.1:0' },
      admin: { listen: '127.0.0.1:0' },
      trust: { issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }] },
      dataSources: [{ ...identity, schema: 'voice-virtual-agent' }],
      agents,
      ...settings,
    }),
  );
  let adminPort = 0;
  const server = await startChildServer(
    [
      '--max-semi-space-size=16',
      ...options,
      'dist/cli/byova.js',
      'serve',
      '--config',
      file,
      ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ],
    (line) => {
      const fields: unknown = JSON.parse(line);
      if (typeof fields !== 'object' || fields === null) return undefined;
      if ('adminPort' in fields) adminPort = Number(fields.adminPort);
      return 'grpcPort' in fields ? Number(fields.grpcPort) : undefined;
    },
    workers === undefined ? 0 : 'all',
  );
  const mint = (organisationId: string): string =>
    issuer.mint({ organisationId, schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID, ...identity });
  return {
    target: `127.0.0.1:${server.port}`,
    adminPort,
    token: mint(ORGANISATION),
    mint,
    async metrics() {
      const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
      const lines = (await response.text()).split('\n');
      return new Map(
        lines
          .filter((line) => line !== '' && !line.startsWith('#'))
          .map((line) => {
            const space = line.lastIndexOf(' ');
            return [line.slice(0, space), Number(line.slice(space + 1))];
          }),
      );
    },
    cpuMicros: server.cpuMicros,
    memory: server.memory,
    writeHeapSnapshot: server.writeHeapSnapshot,
    profile: server.profile,
    async stop() {
      await server.stop();
      await keyServer.close();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * What was observed of a histogram between two looks at it.
 *
 * @returns How many, and the share of them that was at most `bound`, which must be one of the buckets, in seconds.
 */
export function observedBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  name: string,
  bound: number,
): { readonly count: number; readonly share: number } {
  const since = (series: string): number => (after.get(series) ?? 0) - (before.get(series) ?? 0);
  const count = since(`${name}_count`);
  return { count, share: since(`${name}_bucket{le="${bound}"}`) / count };
}
