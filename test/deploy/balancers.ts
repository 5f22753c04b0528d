import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAuthority } from '../support/certificates.ts';
import { findFreePort } from '../support/redis-server.ts';
import { findTool } from '../support/tools.ts';

/** Where a gateway listens on this machine. */
export interface Upstream {
  readonly grpcPort: number;
  readonly adminPort: number;
}

/** What stands in the place of what our configurations say of somebody's network. */
interface Place {
  readonly port: number;
  /** Holds `tls.crt`, `tls.key`, and `byova.pem` with both. */
  readonly folder: string;
  readonly upstreams: readonly [Upstream, Upstream];
}

interface Balancer {
  /** Its configuration, in `deploy/`. */
  readonly file: string;
  /** Texts of the configuration that are true of no machine, and what is put for each. */
  readonly replace: (place: Place) => Readonly<Record<string, string>>;
  readonly checkArgs: (file: string) => readonly string[];
  readonly runArgs: (file: string) => readonly string[];
}

const TLS_FILES = ['tls.crt', 'tls.key'] as const;

/** The balancers that we have a configuration for, by the name of their program. */
export const BALANCERS = {
  envoy: {
    file: 'envoy/envoy.yaml',
    replace: ({ port, folder, upstreams }) => ({
      'address: 0.0.0.0, port_value: 443': `address: 127.0.0.1, port_value: ${port}`,
      'address: 127.0.0.1, port_value: 9901': 'address: 127.0.0.1, port_value: 0',
      'address: 192.0.2.11, port_value: 50051': `address: 127.0.0.1, port_value: ${upstreams[0].grpcPort}`,
      'address: 192.0.2.12, port_value: 50051': `address: 127.0.0.1, port_value: ${upstreams[1].grpcPort}`,
      ...tlsFiles('/etc/envoy/tls', folder),
    }),
    checkArgs: (file) => ['--mode', 'validate', '-l', 'error', '-c', file],
    runArgs: (file) => ['-l', 'error', '--concurrency', '1', '--use-dynamic-base-id', '-c', file],
  },
  haproxy: {
    file: 'haproxy/haproxy.cfg',
    replace: ({ port, folder, upstreams }) => ({
      // More than an ordinary user may open.
      'maxconn 20000': 'maxconn 100',
      'bind :443': `bind 127.0.0.1:${port}`,
      '/run/haproxy/admin.sock': join(folder, 'admin.sock'),
      '/etc/haproxy/tls/byova.pem': join(folder, 'byova.pem'),
      '192.0.2.11:50051': `127.0.0.1:${upstreams[0].grpcPort} port ${upstreams[0].adminPort}`,
      '192.0.2.12:50051': `127.0.0.1:${upstreams[1].grpcPort} port ${upstreams[1].adminPort}`,
    }),
    checkArgs: (file) => ['-c', '-q', '-f', file],
    runArgs: (file) => ['-db', '-f', file],
  },
  nginx: {
    file: 'nginx/nginx.conf',
    replace: ({ port, folder, upstreams }) => ({
      'listen 443 ssl http2;': `listen 127.0.0.1:${port} ssl http2;`,
      // Only root may raise it.
      'worker_rlimit_nofile 65536;': '',
      '/run/nginx.pid': join(folder, 'nginx.pid'),
      '192.0.2.11:50051': `127.0.0.1:${upstreams[0].grpcPort}`,
      '192.0.2.12:50051': `127.0.0.1:${upstreams[1].grpcPort}`,
      // Where a packaged nginx keeps its temporary files belongs to root.
      'server_tokens off;': ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${join(folder, name)};`)
        .join(' '),
      ...tlsFiles('/etc/nginx/tls', folder),
    }),
    checkArgs: (file) => ['-t', '-q', '-e', 'stderr', '-c', file],
    runArgs: (file) => ['-e', 'stderr', '-g', 'daemon off;', '-c', file],
  },
} as const satisfies Readonly<Record<string, Balancer>>;

/** One of {@link BALANCERS}. */
export type BalancerName = keyof typeof BALANCERS;

/** A balancer that was started with our configuration. */
export interface RunningBalancer {
  /** `host:port`, with TLS. */
  readonly target: string;
  /** Id of its process, which may have children that do the work. */
  readonly processId: number;
  /** The authority that signed its certificate, in PEM. */
  readonly ca: string;
  /** What it complained about so far. */
  readonly errors: () => string;
  close(): Promise<void>;
}

/** Lets the balancer check our configuration; what it says is empty when it is content. */
export async function checkBalancer(name: BalancerName): Promise<string> {
  const nobody = { grpcPort: 1, adminPort: 1 };
  const { folder, file } = await prepare(name, 1, [nobody, nobody]);
  try {
    const child = launch(name, BALANCERS[name].checkArgs(file));
    const [code] = (await once(child.process, 'close')) as [number | null];
    return code === 0 ? '' : `${child.errors()} (exit code ${code})`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Starts the balancer in front of two gateways; it may not answer yet. */
export async function startBalancer(
  name: BalancerName,
  upstreams: readonly [Upstream, Upstream],
): Promise<RunningBalancer> {
  const port = await findFreePort();
  const { folder, file, ca } = await prepare(name, port, upstreams);
  const { process: child, errors } = launch(name, BALANCERS[name].runArgs(file));
  const ended = once(child, 'close');
  return {
    target: `127.0.0.1:${port}`,
    processId: child.pid ?? 0,
    ca,
    errors,
    async close() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function prepare(name: BalancerName, port: number, upstreams: Place['upstreams']) {
  const balancer: Balancer = BALANCERS[name];
  const folder = await mkdtemp(join(tmpdir(), 'byova-balancer-'));
  const authority = await createAuthority('balancers');
  const { cert, key } = await authority.issue(['localhost']);
  const text = replaceAll(
    await readFile(new URL(`../../deploy/${balancer.file}`, import.meta.url), 'utf8'),
    balancer.replace({ port, folder, upstreams }),
  );
  const file = join(folder, balancer.file.replace('/', '-'));
  await Promise.all([
    writeFile(file, text),
    writeFile(join(folder, 'tls.crt'), cert),
    writeFile(join(folder, 'tls.key'), key),
    writeFile(join(folder, 'byova.pem'), `${cert}\n${key}`),
  ]);
  return { folder, file, ca: authority.cert };
}

/** Replaces every text; one that is not there any more is an error of the test. */
function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the configuration does not say "${from}"`);
    return changed.replaceAll(from, to);
  }, text);
}

function tlsFiles(from: string, to: string): Readonly<Record<string, string>> {
  return Object.fromEntries(TLS_FILES.map((file) => [`${from}/${file}`, join(to, file)]));
}

function launch(name: BalancerName, args: readonly string[]) {
  const child: ChildProcess = spawn(findTool(name) ?? name, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => void (errors += text));
  return { process: child, errors: () => errors };
}
