import { once } from 'node:events';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls';

import { credentials, status as Status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type ServerTls, startServerTls } from '../../src/transport/server-tls.ts';
import type { TlsFiles } from '../../src/transport/tls-material.ts';
import {
  type TestAuthority,
  type TestCertificate,
  createAuthority,
  writeTlsFiles,
} from '../support/certificates.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type GrpcRigOptions, startGrpcRig } from '../support/grpc-rig.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const POLL_MS = 10_000;
const SETTLE_MS = 1_000;

let root: TestAuthority;
let first: TestCertificate;
let second: TestCertificate;
beforeAll(async () => {
  root = await createAuthority('Test Root');
  const intermediate = await root.createIntermediate('Test Intermediate');
  first = await intermediate.issue(['localhost'], { expiresAt: new Date('2046-01-01T00:00:00Z') });
  second = await intermediate.issue(['localhost', 'second.test']);
});

let clock: ReturnType<typeof createFakeClock>;
let log: ReturnType<typeof createLogRecorder>;
let close: (() => void | Promise<void>)[] = [];
beforeEach(() => {
  clock = createFakeClock();
  log = createLogRecorder();
});
afterEach(async () => {
  for (const action of close.toReversed()) await action();
  close = [];
});

async function start(files: TlsFiles & { readonly folder?: string }, options: GrpcRigOptions = {}) {
  const tls: ServerTls = await startServerTls(files, { clock, logger: log.logger });
  const rig = await startGrpcRig({ ...options, credentials: tls.credentials });
  close.push(tls.close, rig.close, () => rm(files.folder ?? '', { recursive: true, force: true }));
  return { tls, rig, port: rig.server.port };
}

/** Opens a connection and tells what came of it. */
async function shake(port: number, options: ConnectionOptions = {}) {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    ca: root.cert,
    ALPNProtocols: ['h2'],
    ...options,
  });
  try {
    await once(socket, 'secureConnect');
    return {
      alpn: socket.alpnProtocol,
      protocol: socket.getProtocol(),
      authorized: socket.authorized,
      names: socket.getPeerCertificate().subjectaltname ?? '',
    };
  } catch (error) {
    return { error };
  } finally {
    socket.destroy();
  }
}

/** Lets the time pass and the look at the files, which it is time for, come to its end. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await expect.poll(() => clock.pending()).toBe(1);
}

async function write(files: TlsFiles, { cert, key }: TestCertificate): Promise<void> {
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key);
}

describe('TLS', () => {
  it('[check 101] speaks h2 by ALPN, TLS 1.2 or later, with the full chain', async () => {
    const { port } = await start(await writeTlsFiles(first));
    // The client knows the root only: it can verify because the server sends the intermediate.
    expect(await shake(port)).toMatchObject({
      alpn: 'h2',
      protocol: 'TLSv1.3',
      authorized: true,
    });
    expect(await shake(port, { maxVersion: 'TLSv1.2' })).toMatchObject({
      alpn: 'h2',
      protocol: 'TLSv1.2',
    });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    expect(await shake(port, old)).toHaveProperty('error');
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
    expect(await shake(port, weak)).toHaveProperty('error');
    expect(await shake(port, { ALPNProtocols: ['http/1.1'] })).not.toMatchObject({ alpn: 'h2' });
  });

  it('takes a changed certificate for new connections and keeps the open ones', async () => {
    const files = await writeTlsFiles(first);
    const { tls, rig, port } = await start(files, {
      bidi: (_context, responses) => ({
        message: () => void responses.write(Buffer.alloc(0)),
        halfClose: () => responses.complete(),
        closed: () => undefined,
      }),
    });
    const client = rig.connect(credentials.createSsl(Buffer.from(root.cert)));
    close.push(() => client.close());
    const call = rig.openStream(undefined, client);
    call.stream.write({ conversation_id: 'before' });
    await expect.poll(() => call.messages.length).toBe(1);
    expect(tls.certificateExpiresAtMs()).toBeLessThan(Date.parse('2046-01-01T00:00:01Z'));

    await write(files, second);
    await pass(POLL_MS);
    await pass(SETTLE_MS);
    expect(log.events()).toEqual(['tls.reloaded']);
    expect((await shake(port)).names).toContain('second.test');
    expect(await shake(port, { maxVersion: 'TLSv1.2' })).toMatchObject({ protocol: 'TLSv1.2' });
    expect(await shake(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).toHaveProperty(
      'error',
    );

    call.stream.write({ conversation_id: 'after' });
    await expect.poll(() => call.messages.length).toBe(2);
    call.stream.end();
    expect((await call.status).code).toBe(Status.OK);
  });

  it('keeps the old certificate while the new files are broken, and says so once', async () => {
    const files = await writeTlsFiles(first);
    const { port, tls } = await start(files);
    const expiresAtMs = tls.certificateExpiresAtMs();
    const broken: (() => Promise<void>)[] = [
      () => writeFile(files.certFile, 'not a certificate'),
      () => writeFile(files.certFile, second.cert),
      () => rm(files.keyFile),
      () => writeFile(files.keyFile, ''),
    ];
    for (const [index, breakIt] of broken.entries()) {
      await breakIt();
      await pass(POLL_MS);
      await pass(SETTLE_MS);
      await pass(POLL_MS);
      await pass(POLL_MS);
      expect(log.events()).toEqual(Array(index + 1).fill('tls.reload.failed'));
      expect(await shake(port)).toMatchObject({
        authorized: true,
        names: expect.not.stringContaining('second'),
      });
    }
    expect(tls.certificateExpiresAtMs()).toBe(expiresAtMs);
    expect(log.lines[0]?.fields).toMatchObject({ code: 'ERR_TRANSPORT_TLS' });

    await write(files, second);
    await pass(POLL_MS);
    await pass(SETTLE_MS);
    expect(log.events().at(-1)).toBe('tls.reloaded');
    expect((await shake(port)).names).toContain('second.test');
  });

  it('waits until both files are written', async () => {
    const files = await writeTlsFiles(first);
    const { port } = await start(files);
    await writeFile(files.certFile, second.cert);
    await pass(POLL_MS);
    await writeFile(files.keyFile, second.key);
    await pass(SETTLE_MS);
    expect(log.events()).toEqual([]);
    await pass(SETTLE_MS);
    expect(log.events()).toEqual(['tls.reloaded']);
    expect((await shake(port)).names).toContain('second.test');
  });

  it('follows a symbolic link that is pointed elsewhere, as Kubernetes does it', async () => {
    const { folder } = await writeTlsFiles(first);
    const fill = async (name: string, certificate: TestCertificate): Promise<void> => {
      await mkdir(join(folder, name));
      await write(
        { certFile: join(folder, name, 'tls.crt'), keyFile: join(folder, name, 'tls.key') },
        certificate,
      );
    };
    await fill('..v1', first);
    await symlink('..v1', join(folder, '..data'));
    const linked = { certFile: join(folder, 'a.crt'), keyFile: join(folder, 'a.key'), folder };
    await symlink('..data/tls.crt', linked.certFile);
    await symlink('..data/tls.key', linked.keyFile);
    const { port } = await start(linked);

    await fill('..v2', second);
    await symlink('..v2', join(folder, '..tmp'));
    await rename(join(folder, '..tmp'), join(folder, '..data'));
    await rm(join(folder, '..v1'), { recursive: true });
    await pass(POLL_MS);
    await pass(SETTLE_MS);
    expect(log.events()).toEqual(['tls.reloaded']);
    expect((await shake(port)).names).toContain('second.test');
  });

  it('does not start with files that cannot be used', async () => {
    const files = await writeTlsFiles({ cert: first.cert, key: second.key });
    close.push(() => rm(files.folder, { recursive: true }));
    const starting = (changed: Partial<TlsFiles>): Promise<ServerTls> =>
      startServerTls({ ...files, ...changed }, { clock, logger: log.logger });
    const coded = expect.objectContaining({ code: 'ERR_TRANSPORT_TLS' });
    await expect(starting({})).rejects.toEqual(coded);
    await expect(starting({ keyFile: join(files.folder, 'missing') })).rejects.toEqual(coded);
    await expect(starting({ clientCaFile: files.keyFile })).rejects.toEqual(coded);
    expect(clock.pending()).toBe(0);
  });

  it('looks at the files no more once it is closed', async () => {
    const files = await writeTlsFiles(first);
    const { tls } = await start(files);
    tls.close();
    expect(clock.pending()).toBe(0);
  });

  it('is left out for a balancer that ends it', async () => {
    const tls = await startServerTls(undefined, { clock, logger: log.logger });
    expect(tls.certificateExpiresAtMs()).toBeUndefined();
    expect(clock.pending()).toBe(0);
  });
});
