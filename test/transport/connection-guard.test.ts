import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  connect,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { GatewayError } from '../../src/core/gateway-error.ts';
import { PRINCIPAL } from '../support/call-rig.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type GrpcRigOptions, startGrpcRig } from '../support/grpc-rig.ts';

const SERVICE = '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent';
/** What HTTP/2 calls it when a peer is asked to hold back. */
const ENHANCE_YOUR_CALM = 11;

let close: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of close.toReversed()) await action();
  close = [];
});
async function start(options: GrpcRigOptions = {}) {
  const rig = await startGrpcRig({
    ...options,
    authenticate: (header) => {
      if (header === 'Bearer good') return PRINCIPAL;
      throw new GatewayError('ERR_AUTH_MISSING', 'no credential');
    },
  });
  close.push(rig.close);
  return rig;
}

async function open(port: number) {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  close.push(() => session.destroy());
  await new Promise<void>((resolve) => {
    session.on('remoteSettings', () => resolve());
    session.on('close', resolve);
  });
  return session;
}

function request(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}) {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
}

/** Resolves when the stream is closed, well or badly. */
function closed(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => stream.on('close', resolve));
}

async function isAlive(session: ClientHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    session.on('close', () => resolve(false));
    if (session.closed) resolve(false);
    else session.ping((error) => resolve(error === null));
  });
}

describe('what a stranger may hold', () => {
  it('connections: the oldest without a credential gives way, one with a credential never does', async () => {
    const { server } = await start({ limits: { maxUnprovenConnections: 2 } });
    const valid = await open(server.port);
    const call = request(valid, `${SERVICE}/ProcessCallerInput`, { authorization: 'Bearer good' });
    await expect.poll(() => call.readableFlowing).toBe(true);
    await isAlive(valid);
    const failed = await open(server.port);
    const refused = request(failed, `${SERVICE}/ProcessCallerInput`);
    refused.end();
    await closed(refused);
    const idle = await open(server.port);
    const latest = await open(server.port);
    await once(failed, 'close');
    expect(await Promise.all([valid, failed, idle, latest].map(isAlive))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(call.closed).toBe(false);
  });

  it('connections: no more than the process can bear', async () => {
    const { server } = await start({ limits: { maxConnections: 2 } });
    const held = [await open(server.port), await open(server.port)];
    const socket = connectSocket(server.port, '127.0.0.1').resume();
    await once(socket, 'close');
    held[0]?.destroy();
    await expect.poll(() => open(server.port).then(isAlive)).toBe(true);
  });

  it('connections: one on which nothing has begun for a quarter of an hour is asked to go, and no other', async () => {
    const clock = createFakeClock();
    const { server } = await start({ clock });
    const idle = await open(server.port);
    const busy = await open(server.port);
    const asked = once(idle, 'goaway');
    clock.advance(14 * 60_000);
    const probe = request(busy, '/grpc.health.v1.Health/Check');
    probe.end(Buffer.alloc(5));
    await closed(probe);
    clock.advance(2 * 60_000);
    await asked;
    expect(await isAlive(busy)).toBe(true);
  });

  it('a stream: it is reset when it is not admitted in time, and a call that is goes on', async () => {
    const clock = createFakeClock();
    const { server } = await start({ clock, limits: { firstMessageTimeoutMs: 5_000 } });
    const ownTimers = clock.pending();
    const stranger = await open(server.port);
    const unary = request(stranger, `${SERVICE}/ListVirtualAgents`);
    const watch = request(stranger, '/grpc.health.v1.Health/Watch');
    watch.end(Buffer.alloc(5));
    await expect.poll(() => clock.pending()).toBe(ownTimers + 1);
    // Its time for a message, and that which a valid credential may take to be checked.
    clock.advance(5_000 + 15_000);
    await closed(unary);
    expect(await isAlive(stranger)).toBe(true);
    expect(watch.closed).toBe(false);

    const valid = await open(server.port);
    const early = request(valid, `${SERVICE}/ListVirtualAgents`);
    await expect.poll(() => clock.pending()).toBe(ownTimers + 1);
    request(valid, `${SERVICE}/ListVirtualAgents`, { authorization: 'Bearer good' }).end(
      Buffer.alloc(5),
    );
    // Only the first one is a stranger still.
    await expect.poll(() => server.connections().unproven).toBe(1);
    clock.advance(60_000);
    expect(await isAlive(valid)).toBe(true);
    expect(early.closed).toBe(false);
  });

  it('[check 40] headers: beyond 16 KiB a stream is reset before anything looks at it', async () => {
    const { server, log, metrics } = await start();
    const session = await open(server.port);
    expect(session.remoteSettings.maxHeaderListSize).toBe(16_384);
    const large = request(session, `${SERVICE}/ProcessCallerInput`, {
      authorization: `Bearer ${'a'.repeat(17_000)}`,
    });
    await closed(large);
    expect(large.rstCode).toBe(ENHANCE_YOUR_CALM);
    const many = Object.fromEntries(
      Array.from({ length: 400 }, (_unused, index) => [`x-${index}`, 'aaaaaaaaaaaa']),
    );
    const crowded = request(session, `${SERVICE}/ProcessCallerInput`, many);
    await closed(crowded);
    expect(crowded.rstCode).toBe(ENHANCE_YOUR_CALM);
    expect(log.lines).toEqual([]);
    expect((await metrics.rpcs.get()).values).toEqual([]);

    const good = request(session, `${SERVICE}/ProcessCallerInput`, {
      authorization: 'Bearer good',
      'x-filler': 'a'.repeat(12_000),
    });
    good.end();
    await closed(good);
    expect(good.rstCode).toBe(0);
  });

  it('resets: a connection that opens and resets streams rapidly is closed', async () => {
    const { server } = await start();
    const session = await open(server.port);
    const other = await open(server.port);
    let sent = 0;
    while (!session.destroyed && sent < 10_000) {
      for (let index = 0; index < 100 && !session.destroyed; index += 1) {
        request(session, `${SERVICE}/ProcessCallerInput`).close(8);
        sent += 1;
      }
      await new Promise(setImmediate);
    }
    expect(session.destroyed).toBe(true);
    expect(sent).toBeLessThan(5_000);
    expect(await isAlive(other)).toBe(true);
  });
});
