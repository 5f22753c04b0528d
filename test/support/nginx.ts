import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createAuthority } from './certificates.ts';
import { findFreePort } from './redis-server.ts';
import { findTool } from './tools.ts';

/** A real nginx with our configuration, in front of gateways that change. */
export interface Nginx {
  /** `host:port`, with TLS. */
  readonly target: string;
  readonly ca: string;
  /** What it complained about so far. */
  readonly errors: () => string;
  /** Puts these gateways behind it, and waits until the workers before have begun to leave. */
  setUpstreams(ports: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** Old workers tell their clients to connect anew as soon as they hear of the reload. */
const RELOAD_MS = 700;

/**
 * Starts nginx with `deploy/nginx/nginx.conf`. One peer stands for all of Webex here, so the gateways take turns instead of
 * being chosen by the peer's address.
 */
export async function startNginx(ports: readonly number[]): Promise<Nginx> {
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), 'byova-nginx-'));
  const authority = await createAuthority('nginx');
  const { cert, key } = await authority.issue(['localhost']);
  await Promise.all([
    writeFile(join(folder, 'tls.crt'), cert),
    writeFile(join(folder, 'tls.key'), key),
  ]);
  const ours = await readFile(new URL('../../deploy/nginx/nginx.conf', import.meta.url), 'utf8');
  const file = join(folder, 'nginx.conf');
  const write = (upstreams: readonly number[]): Promise<void> =>
    writeFile(
      file,
      ours
        .replace(/^ +hash \$affinity.*$/mu, '')
        .replace(
          /(?: +server 192\.0\.2\.\d+:50051.*\n)+/u,
          upstreams
            .map((upstream) => `server 127.0.0.1:${upstream} max_fails=1 fail_timeout=5s;\n`)
            .join(''),
        )
        .replace('listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`)
        .replace('worker_processes auto;', 'worker_processes 1;')
        .replace('worker_rlimit_nofile 65536;', '')
        .replace('/run/nginx.pid', join(folder, 'nginx.pid'))
        .replaceAll('/etc/nginx/tls', folder)
        .replace(
          'server_tokens off;',
          ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
            .map((name) => `${name}_temp_path ${join(folder, name)};`)
            .join(' '),
        ),
    );
  await write(ports);
  const child = spawn(
    findTool('nginx') ?? 'nginx',
    ['-e', 'stderr', '-g', 'daemon off;', '-c', file],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (errors += text));
  await sleep(RELOAD_MS);
  return {
    target: `127.0.0.1:${port}`,
    ca: authority.cert,
    errors: () => errors,
    async setUpstreams(upstreams) {
      await write(upstreams);
      child.kill('SIGHUP');
      await sleep(RELOAD_MS);
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
