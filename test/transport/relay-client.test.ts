import { once } from 'node:events';
import { type Http2Server, type ServerHttp2Session, createServer } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { rm } from 'node:fs/promises';

import { ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import type { RelayClient, RelayEnd, RelayStream } from '../../src/conversation/relay.ts';
import { systemClock } from '../../src/core/clock.ts';
import { PROCESS_CALLER_INPUT_PATH } from '../../src/protocols/voice-virtual-agent/schema.ts';
import {
  RPCS_PER_CONNECTION,
  type RelayClientOptions,
  createRelayClient,
} from '../../src/transport/relay-client.ts';
import { createAuthority, writeTlsFiles } from '../support/certificates.ts';
import { type RawCall, startRawUpstream } from '../support/raw-upstream.ts';

const started: { close(): unknown }[] = [];
afterEach(async () => {
  for (const resource of started.splice(0).toReversed()) await resource.close();
});

async function connect(options: Partial<RelayClientOptions>): Promise<RelayClient> {
  const client = await createRelayClient(
    {
      target: 'localhost:1',
      tls: undefined,
      maxConnections: 4,
      connectTimeoutMs: 2_000,
      keepaliveMs: 60_000,
      ...options,
    },
    { clock: systemClock },
  );
  started.push(client);
  return client;
}

/** Opens an RPC and remembers what comes of it. */
function open(client: RelayClient, headers: Readonly<Record<string, string>> = {}) {
  const messages: Buffer[] = [];
  let drained = 0;
  let settle: (end: RelayEnd) => void;
  const ended = new Promise<RelayEnd>((resolve) => {
    settle = resolve;
  });
  const stream: RelayStream = client.open(
    { path: PROCESS_CALLER_INPUT_PATH, headers },
    {
      relayed: (bytes) => void messages.push(bytes),
      relayDrained: () => void (drained += 1),
      relayEnded: (end) => settle(end),
    },
  );
  return { stream, messages, ended, drained: () => drained };
}

async function upstream(serve: (call: RawCall) => void, port?: number) {
  const server = await startRawUpstream(serve, port === undefined ? {} : { port });
  started.push(server);
  return server;
}

/** Answers each message with the same, and completes after the last. */
function echo(call: RawCall): void {
  call.on('data', (bytes: Buffer) => call.write(bytes));
  call.on('end', () => call.end());
}

describe('an RPC that is relayed', () => {
  it('brings every byte there and back, and only the headers it was given', async () => {
    const server = await upstream(echo);
    const client = await connect({ target: server.target });
    const rpc = open(client, { authorization: 'Bearer own', trackingid: 'abc' });
    const sent = [Buffer.alloc(0), Buffer.from([0, 255, 1]), Buffer.alloc(70_000, 9)];
    for (const bytes of sent) rpc.stream.send(bytes);
    rpc.stream.halfClose();
    expect(await rpc.ended).toMatchObject({ status: 'OK', hasBegun: true });
    expect(rpc.messages).toEqual(sent);
    expect((await server.call(0)).metadata.getMap()).toEqual({
      authorization: 'Bearer own',
      trackingid: 'abc',
      'user-agent': expect.stringMatching(/^byova-gateway /u) as string,
    });
  });

  it('tells the status, and what came before it first, though it was held back', async () => {
    const server = await upstream((call) => {
      for (let index = 0; index < 5; index += 1) call.write(Buffer.of(index));
      call.emit('error', { code: 7, details: 'not for you' });
    });
    const rpc = open(await connect({ target: server.target }));
    rpc.stream.pause();
    await once(await server.call(0), 'finish').catch(() => undefined);
    rpc.stream.resume();
    expect(await rpc.ended).toMatchObject({ status: 'PERMISSION_DENIED', hasBegun: true });
    expect(rpc.messages.map(([first]) => first)).toEqual([0, 1, 2, 3, 4]);
  });

  it('is cancelled over there within 100 ms, and says nothing more here', async () => {
    const server = await upstream((call) => void call.resume());
    const rpc = open(await connect({ target: server.target }));
    rpc.stream.send(Buffer.of(1));
    const call = await server.call(0);
    const cancelled = once(call, 'cancelled');
    const startedAt = performance.now();
    rpc.stream.cancel();
    await cancelled;
    expect(performance.now() - startedAt).toBeLessThan(100);
    expect(await Promise.race([rpc.ended, Promise.resolve('silence')])).toBe('silence');
  });

  it('holds the sender back when nobody reads, within 16 KB and two windows', async () => {
    const server = await upstream((call) => void call.pause());
    const rpc = open(await connect({ target: server.target }));
    rpc.stream.send(Buffer.of(1));
    await server.call(0);
    let sentBytes = 0;
    const piece = Buffer.alloc(1_000);
    for (let round = 0; round < 1_000; round += 1) {
      await new Promise(setImmediate);
      while (rpc.stream.send(piece)) sentBytes += piece.length;
      sentBytes += piece.length;
      const before = rpc.drained();
      for (let turn = 0; turn < 20 && rpc.drained() === before; turn += 1)
        await new Promise(setImmediate);
      if (rpc.drained() === before) break;
    }
    expect(sentBytes).toBeLessThan(400_000);
  });

  it('holds a server that floods back while it is paused', async () => {
    let written = 0;
    const server = await upstream((call) => {
      const flood = (): void => {
        while (written < 10_000 && call.write(Buffer.alloc(1_000))) written += 1;
      };
      call.on('drain', flood);
      flood();
    });
    const rpc = open(await connect({ target: server.target }));
    rpc.stream.pause();
    await server.call(0);
    for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    expect(rpc.messages).toEqual([]);
    expect(written).toBeLessThan(1_000);
    rpc.stream.cancel();
  });
});

describe('a connection', () => {
  it('that is refused ends the RPC as one that was never begun', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const client = await connect({ target: `127.0.0.1:${port}`, connectTimeoutMs: 400 });
    const rpc = open(client);
    expect(rpc.stream.send(Buffer.of(1))).toBe(false);
    expect(await rpc.ended).toMatchObject({ status: 'UNAVAILABLE', hasBegun: false });
  });

  it('that comes late takes what has waited, once', async () => {
    const holder = createTcpServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    holder.close();
    const client = await connect({ target: `127.0.0.1:${port}`, connectTimeoutMs: 5_000 });
    const rpc = open(client);
    rpc.stream.send(Buffer.of(42));
    rpc.stream.halfClose();
    const server = await upstream(echo, port);
    expect((await rpc.ended).status).toBe('OK');
    expect(rpc.messages).toEqual([Buffer.of(42)]);
    expect(rpc.drained()).toBe(1);
    expect(server.calls).toHaveLength(1);
  });

  it('that does not answer at all is given up in time', async () => {
    const mute = createTcpServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const client = await connect({ target: `127.0.0.1:${port}`, connectTimeoutMs: 200 });
    const startedAt = performance.now();
    expect((await open(client).ended).status).toBe('UNAVAILABLE');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    mute.close();
  });

  it('that broke is made anew', async () => {
    const first = await upstream(echo);
    const client = await connect({ target: first.target });
    const broken = open(client);
    broken.stream.send(Buffer.of(1));
    await first.call(0);
    first.close();
    expect(await broken.ended).toMatchObject({ hasBegun: true });
    await upstream(echo, first.port);
    // The client may still be between two attempts: then the RPC was not begun, and is tried again.
    for (;;) {
      const again = open(client);
      again.stream.halfClose();
      const { status, hasBegun } = await again.ended;
      if (status === 'OK') break;
      expect(hasBegun).toBe(false);
    }
  });

  it('is shared by a hundred RPCs; the next gets another, and beyond the last there is no room', async () => {
    const server = await upstream((call) => void call.resume());
    const client = await connect({ target: server.target, maxConnections: 2 });
    const rpcs = Array.from({ length: 2 * RPCS_PER_CONNECTION }, () => open(client));
    const last = await server.call(rpcs.length - 1);
    expect(last.metadata).toBeDefined();
    expect(new Set(server.calls.map((call) => call.getPeer())).size).toBe(2);
    expect(await open(client).ended).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      hasBegun: false,
    });
    rpcs[0]?.stream.cancel();
    const next = open(client);
    await server.call(rpcs.length);
    for (const { stream } of [...rpcs, next]) stream.cancel();
  });

  it('opens its receive window for itself as for each stream, whatever version of grpc-js makes it', async () => {
    const server: Http2Server = createServer().listen(0, '127.0.0.1');
    started.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = await connect({ target: `127.0.0.1:${port}` });
    open(client);
    const [session] = (await once(server, 'session')) as [ServerHttp2Session];
    await once(server, 'stream');
    expect(session.remoteSettings.initialWindowSize).toBe(256 * 1024);
    expect(session.state.remoteWindowSize).toBe(256 * 1024);
    client.close();
    session.destroy();
  });

  it('that is closed ends its RPCs, and no new one begins', async () => {
    const server = await upstream((call) => void call.resume());
    const client = await connect({ target: server.target });
    client.close();
    expect(await open(client).ended).toMatchObject({ status: 'UNAVAILABLE', hasBegun: false });
  });
});

describe('TLS to the upstream', () => {
  it('trusts the authority it is given, checks the name, and shows its own certificate', async () => {
    const authority = await createAuthority('Upstream Root');
    const [serverCertificate, own] = await Promise.all([
      authority.issue(['bots.example.com']),
      authority.issue(['gateway.example.com']),
    ]);
    const files = await writeTlsFiles(own, authority.cert);
    started.push({ close: () => rm(files.folder, { recursive: true }) });
    const server = await startRawUpstream(echo, {
      credentials: ServerCredentials.createSsl(
        Buffer.from(authority.cert),
        [
          {
            cert_chain: Buffer.from(serverCertificate.cert),
            private_key: Buffer.from(serverCertificate.key),
          },
        ],
        true,
      ),
    });
    started.push(server);
    const tls: NonNullable<RelayClientOptions['tls']> = {
      caFile: files.clientCaFile,
      certFile: files.certFile,
      keyFile: files.keyFile,
      serverName: 'bots.example.com',
    };
    const statusWith = async (changed: Partial<typeof tls>): Promise<string> => {
      const client = await connect({
        target: server.target,
        connectTimeoutMs: 600,
        tls: { ...tls, ...changed },
      });
      const rpc = open(client);
      rpc.stream.halfClose();
      return (await rpc.ended).status;
    };
    expect(await statusWith({})).toBe('OK');
    expect(
      await Promise.all([
        statusWith({ serverName: 'other.example.com' }),
        statusWith({ caFile: undefined }),
        statusWith({ certFile: undefined, keyFile: undefined }),
      ]),
    ).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
  });

  it.each([
    ['missing', { caFile: '/nowhere/ca.pem', certFile: undefined, keyFile: undefined }],
    ['no certificate', { caFile: undefined, certFile: 'package.json', keyFile: 'package.json' }],
  ])('files that are %s are an error at the start', async (_, files) => {
    await expect(connect({ tls: { ...files, serverName: undefined } })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT_TLS',
    });
  });
});
