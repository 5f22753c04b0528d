import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';

import { status as Status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import type { ProtocolService } from '../../src/protocols/rpc.ts';
import { isPlain } from '../../src/transport/plain-call.ts';
import { startGrpcRig } from '../support/grpc-rig.ts';

const PATH = '/com.cisco.wcc.ccai.media.v1.VoiceVirtualAgent/ProcessCallerInput';

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

type Handler = ProtocolService['bidi'][string];

/** Notes the conversation ids of what comes, and completes at the half-close. */
function createListener(heard: string[], busy?: () => Promise<void>): Handler {
  return (_context, responses) => ({
    message(request: { conversation_id: string }) {
      heard.push(request.conversation_id);
      return busy?.();
    },
    halfClose: () => responses.complete(),
    closed: () => undefined,
  });
}

/** A message with its head; `id` of up to 100 characters. */
function messageOf(id: string, flag = 0): Buffer {
  const field = Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
  const body = flag === 1 ? gzipSync(field) : field;
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

async function start(bidi: Handler, limits = {}) {
  const rig = await startGrpcRig({ bidi, limits });
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${rig.server.port}`);
  close = async () => {
    session.destroy();
    await rig.close();
  };
  const open = (headers: Readonly<Record<string, string>> = {}) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => undefined);
    return { stream, status: statusOf(stream) };
  };
  return { rig, open };
}

/** The status, whether it comes alone or behind messages. */
function statusOf(stream: ClientHttp2Stream): Promise<string> {
  stream.resume();
  return new Promise((resolve) => {
    let status = 'none';
    const note = ({ 'grpc-status': code, 'grpc-message': message }: IncomingHttpHeaders): void => {
      if (code !== undefined)
        status = [code, message]
          .flat()
          .map((text) => decodeURI(text ?? ''))
          .join(' ');
    };
    stream.on('response', note);
    stream.on('trailers', note);
    // The end of what the server sends; the client may have more to say.
    stream.on('end', () => resolve(status));
    stream.on('close', () => resolve(status));
  });
}

describe('messages of a call', () => {
  it('come out whole and in order, however they are cut', async () => {
    const heard: string[] = [];
    const { open } = await start(createListener(heard));
    const bytes = Buffer.concat(['a', 'bb', 'c'.repeat(100), ''].map((id) => messageOf(id)));
    for (const size of [1, 3, 7, 64, bytes.length]) {
      heard.length = 0;
      const { stream, status } = open();
      for (let at = 0; at < bytes.length; at += size) {
        stream.write(bytes.subarray(at, at + size));
        await new Promise(setImmediate);
      }
      stream.end();
      expect(await status).toBe('0 OK');
      expect(heard).toEqual(['a', 'bb', 'c'.repeat(100), '']);
    }
  });

  it('wait while the listener is busy, those that came together too', async () => {
    const heard: string[] = [];
    let atOnce = 0;
    let most = 0;
    const { open } = await start(
      createListener(heard, async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise(setImmediate);
        atOnce -= 1;
      }),
    );
    const { stream, status } = open();
    stream.end(Buffer.concat(['a', 'b', 'c', 'd'].map((id) => messageOf(id))));
    expect(await status).toBe('0 OK');
    expect(heard).toEqual(['a', 'b', 'c', 'd']);
    expect(most).toBe(1);
  });

  it.each([
    ['is larger than is taken', Buffer.from([0, 0, 0x10, 0, 0]), '8 ERR_TRANSPORT_MESSAGE_SIZE'],
    ['is cut off', messageOf('abc').subarray(0, 7), '3 ERR_PROTOCOL_INPUT_MISSING'],
    ['is no message', Buffer.from([0, 0, 0, 0, 1, 0xff]), '3 ERR_PROTOCOL_INPUT_MISSING'],
    ['is compressed and no header says how', messageOf('abc', 1), '3 ERR_PROTOCOL_INPUT_MISSING'],
  ])('one that %s ends the call with a clear status', async (_what, bytes, expected) => {
    const heard: string[] = [];
    const { open, rig } = await start(createListener(heard), { maxReceiveBytes: 65_536 });
    const { stream, status } = open();
    stream.end(bytes);
    expect(await status).toContain(expected);
    expect(heard).toEqual([]);
    expect(rig.log.events()).toEqual(['rpc.refused']);
  });

  it('are no concern of a call that has ended', async () => {
    const { open } = await start((_context, responses) => ({
      message: () => responses.complete(),
      halfClose: () => undefined,
      closed: () => undefined,
    }));
    const { stream, status } = open();
    stream.write(messageOf('a'));
    stream.write(messageOf('b'));
    stream.end(Buffer.from([1, 2, 3]));
    expect(await status).toBe('0 OK');
  });
});

describe('calls that want more than messages as they are', () => {
  it('are told apart by their headers', () => {
    const plain = { 'content-type': 'application/grpc+proto', 'grpc-encoding': 'identity' };
    expect(isPlain(plain)).toBe(true);
    expect(isPlain({ ...plain, 'grpc-encoding': 'gzip' })).toBe(false);
    expect(isPlain({ ...plain, 'grpc-timeout': '1S' })).toBe(false);
    expect(isPlain({ ...plain, 'content-type': 'text/plain' })).toBe(false);
    expect(isPlain({})).toBe(false);
  });

  it('are served too: compressed ones, those with a deadline, and those that pass it', async () => {
    const heard: string[] = [];
    const { open } = await start(createListener(heard));
    const compressed = open({ 'grpc-encoding': 'gzip' });
    compressed.stream.end(messageOf('small', 1));
    expect(await compressed.status).toBe('0 OK');
    const timely = open({ 'grpc-timeout': '20S' });
    timely.stream.end(messageOf('timely'));
    expect(await timely.status).toBe('0 OK');
    const late = open({ 'grpc-timeout': '50m' });
    late.stream.write(messageOf('late'));
    expect(await late.status).toContain(String(Status.DEADLINE_EXCEEDED));
    expect(heard).toEqual(['small', 'timely', 'late']);
  });

  it('get what HTTP has for what is no gRPC, and UNIMPLEMENTED for what nobody serves', async () => {
    const { open } = await start(createListener([]));
    const other = open({ 'content-type': 'text/plain' });
    const [headers] = (await once(other.stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(415);
    expect(await open({ ':path': '/nobody/Serves' }).status).toContain(
      String(Status.UNIMPLEMENTED),
    );
  });
});
