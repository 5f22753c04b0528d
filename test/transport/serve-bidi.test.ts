import { connect } from 'node:net';
import { connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';

import { status as Status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import { GatewayError } from '../../src/core/gateway-error.ts';
import type { ResponseWriter } from '../../src/protocols/rpc.ts';
import { GrpcJsCall } from '../../src/transport/grpc-js-call.ts';
import { PRINCIPAL } from '../support/call-rig.ts';
import { openDeafClient } from '../support/deaf-client.ts';
import { type GrpcRigOptions, startGrpcRig } from '../support/grpc-rig.ts';

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());
async function start(options: GrpcRigOptions = {}) {
  const rig = await startGrpcRig(options);
  close = rig.close;
  return rig;
}
const MESSAGE = { conversation_id: 'c', customer_org_id: PRINCIPAL.organisationId };

describe('a bidirectional RPC', () => {
  it('[check 13] is refused before a message is read', async () => {
    let wasAsked = false;
    const rig = await start({
      authenticate: () => {
        throw new GatewayError('ERR_AUTH_MISSING', 'no credential', { detail: { expected: 'x' } });
      },
      bidi: () => {
        wasAsked = true;
        return { message: () => undefined, halfClose: () => undefined, closed: () => undefined };
      },
    });
    const { stream, status } = rig.openStream();
    stream.write(MESSAGE);
    const { code, details } = await status;
    expect([code, details]).toEqual([Status.UNAUTHENTICATED, 'ERR_AUTH_MISSING: no credential']);
    expect(wasAsked).toBe(false);
    expect(rig.log.lines[0]?.fields).toMatchObject({
      event: 'auth.refused',
      code: 'ERR_AUTH_MISSING',
      expected: 'x',
    });
  });

  it('waits for an authentication that takes time, and loses no message meanwhile', async () => {
    const heard: string[] = [];
    const rig = await start({
      authenticate: async () => {
        await new Promise(setImmediate);
        return PRINCIPAL;
      },
      bidi: (_context, responses) => ({
        message: (request: { conversation_id: string }) => void heard.push(request.conversation_id),
        halfClose: () => responses.complete(),
        closed: () => undefined,
      }),
    });
    const { stream, status } = rig.openStream();
    for (const conversation_id of ['a', 'b', 'c']) stream.write({ ...MESSAGE, conversation_id });
    stream.end();
    expect((await status).code).toBe(Status.OK);
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('holds the client back while the listener is busy, and keeps the order', async () => {
    const seen: string[] = [];
    const rig = await start({
      bidi: (_context, responses) => ({
        async message(request: { conversation_id: string }) {
          seen.push(`begin ${request.conversation_id}`);
          await new Promise(setImmediate);
          seen.push(`end ${request.conversation_id}`);
        },
        halfClose: () => responses.complete(),
        closed: () => undefined,
      }),
    });
    const { stream, status } = rig.openStream();
    stream.write({ ...MESSAGE, conversation_id: 'a' });
    stream.write({ ...MESSAGE, conversation_id: 'b' });
    stream.end();
    await status;
    expect(seen).toEqual(['begin a', 'end a', 'begin b', 'end b']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret of the caller');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('secret of the caller');
      },
    ],
  ])('ends with INTERNAL and no text when the listener %s', async (_how, message) => {
    const rig = await start({
      bidi: () => ({ message, halfClose: () => undefined, closed: () => undefined }),
    });
    const { stream, status } = rig.openStream();
    stream.write(MESSAGE);
    const { code, details } = await status;
    expect([code, details]).toEqual([Status.INTERNAL, 'internal error']);
    expect(JSON.stringify(rig.log.lines)).not.toContain('secret');
    expect(rig.log.events()).toEqual(['rpc.failed']);
  });

  it('[check 49] ends exactly once, whatever is called afterwards', async () => {
    let writer: ResponseWriter | undefined;
    const ends: string[] = [];
    const rig = await start({
      bidi: (_context, responses) => {
        writer = responses;
        return {
          message() {
            responses.complete();
            responses.fail(new Error('late'));
            responses.complete();
            responses.write(Buffer.alloc(0));
          },
          halfClose: () => void ends.push('half-close'),
          closed: () => void ends.push('closed'),
        };
      },
    });
    const { stream, status, messages } = rig.openStream();
    stream.write(MESSAGE);
    expect((await status).code).toBe(Status.OK);
    expect(messages).toEqual([]);
    expect(ends).toEqual(['closed']);
    await writer?.ready();
    const { values } = await rig.metrics.rpcs.get();
    expect(values).toMatchObject([{ labels: { status: 'OK' }, value: 1 }]);
  });

  it('[check 69] tells the listener when the client cancels, and writes nothing after it', async () => {
    let closedWith: ((value: string) => void) | undefined;
    const closed = new Promise<string>((resolve) => (closedWith = resolve));
    const rig = await start({
      bidi: (_context, responses) => ({
        message: () => void responses.write(Buffer.alloc(0)),
        halfClose: () => undefined,
        closed() {
          responses.write(Buffer.alloc(0));
          closedWith?.('closed');
        },
      }),
    });
    const { stream } = rig.openStream();
    stream.write(MESSAGE);
    await once(stream, 'data');
    stream.cancel();
    expect(await closed).toBe('closed');
    expect((await rig.metrics.rpcs.get()).values).toMatchObject([
      { labels: { status: 'CANCELLED' } },
    ]);
  });

  it('is closed when no first message comes in time', async () => {
    const rig = await start({ limits: { firstMessageTimeoutMs: 50 } });
    const { status } = rig.openStream();
    expect((await status).code).toBe(Status.DEADLINE_EXCEEDED);
  });

  it('[check 90] is reset when the client stops reading, and holds a bounded amount for it', async () => {
    let written = 0;
    let over: (() => void) | undefined;
    const isOver = new Promise<void>((resolve) => (over = resolve));
    const rig = await start({
      limits: { writeStallTimeoutMs: 100 },
      bidi: (_context, responses) => ({
        async message() {
          for (let index = 0; index < 1_000; index += 1) {
            written += 1;
            if (!responses.write(Buffer.alloc(65_000))) await responses.ready();
          }
        },
        halfClose: () => undefined,
        closed: () => over?.(),
      }),
    });
    const session = openDeafClient(rig.server.port);
    await isOver;
    expect(rig.log.lines.map(({ fields }) => fields['code'])).toContain(
      'ERR_TRANSPORT_SLOW_READER',
    );
    session.destroy();
    // Every write before the reset was real; that is the writer's queue and the client's window, not the whole answer.
    expect(written).toBeGreaterThan(1);
  });

  it('fails with a clear status when its answer is larger than may be sent', async () => {
    const rig = await start({
      bidi: (_context, responses) => ({
        message() {
          responses.write(Buffer.alloc(8 * 1024 * 1024 + 1));
          responses.complete();
        },
        halfClose: () => undefined,
        closed: () => undefined,
      }),
    });
    const { stream, status } = rig.openStream();
    stream.write(MESSAGE);
    const { code, details } = await status;
    expect(code).toBe(Status.RESOURCE_EXHAUSTED);
    expect(details).toContain('ERR_TRANSPORT_MESSAGE_SIZE');
  });

  it('is refused with UNAVAILABLE while the gateway drains', async () => {
    const rig = await start();
    rig.setDraining();
    const { status } = rig.openStream();
    expect((await status).code).toBe(Status.UNAVAILABLE);
  });
});

describe('what only the inside of grpc-js can tell', () => {
  it('the stream and the session of a call are found, and the connection window is widened', async () => {
    let windowBytes = 0;
    const rig = await start({
      unary: () => Buffer.alloc(0),
      bidi: (_context, responses) => ({
        message: () => undefined,
        halfClose: () => responses.complete(),
        closed: () => undefined,
      }),
    });
    const session = connectHttp2(`http://127.0.0.1:${rig.server.port}`);
    const widened = new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        windowBytes = session.state.remoteWindowSize ?? 0;
        if (windowBytes < 1_000_000) return;
        clearInterval(poll);
        resolve();
      }, 5);
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent/ProcessCallerInput',
      'content-type': 'application/grpc',
    });
    stream.on('error', () => undefined);
    await widened;
    session.destroy();
    expect(windowBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(() => new GrpcJsCall({ stream: 'no object' } as never)).toThrow(TypeError);
  });
});

describe('random bytes', () => {
  it('[check 6] never end the process, on the socket or in a message', async () => {
    const rig = await start();
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(rig.server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      if (round % 2 === 0) socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      socket.resume();
      socket.end(randomBytes(2_000));
      socket.destroySoon();
      await once(socket, 'close');
    }
    const session = connectHttp2(`http://127.0.0.1:${rig.server.port}`);
    for (let round = 0; round < 20; round += 1) {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent/ProcessCallerInput',
        'content-type': 'application/grpc',
      });
      stream.on('error', () => undefined);
      const body = randomBytes(100);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length, 1);
      stream.end(Buffer.concat([head, body]));
      stream.resume();
      await once(stream, 'close');
    }
    session.destroy();
    const { stream, status } = rig.openStream();
    stream.end();
    expect((await status).code).toBe(Status.OK);
  });
});
