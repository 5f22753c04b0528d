import { once } from 'node:events';
import { type Http2Session, type ServerHttp2Stream, createServer } from 'node:http2';
import { createRequire } from 'node:module';

import { isRecord } from '../../src/core/json.ts';

/** One event on the wire, of either side: its type and its JSON. */
interface WireEvent {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One stream as the stand-in sees it. */
export interface LexConversation {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly received: readonly WireEvent[];
  send(type: string, body?: Readonly<Record<string, unknown>>): void;
  /** Audio of an answer, in pieces of 100 bytes, and the empty piece that ends it. */
  speak(audio: Uint8Array): void;
  /** Refuses: as an HTTP error before anything was sent, else as an exception on the stream. */
  fail(exception: string, message: string): void;
  close(): void;
  /** Resolves with the first event of a type that came or comes. */
  until(type: string): Promise<WireEvent>;
  /** Resolves when the client has cut the stream; with what it took until then. */
  readonly cut: Promise<void>;
  /** Resolves when the client has ended its side in order. */
  readonly ended: Promise<void>;
}

/** A stand-in for the Lex V2 runtime: plaintext HTTP/2 and the event stream encoding, signatures left unread. */
export interface LexServer {
  readonly endpoint: string;
  readonly conversations: readonly LexConversation[];
  /** From now on: called at the first event of each stream. */
  answer(respond: (conversation: LexConversation) => void | Promise<void>): void;
  close(): Promise<void>;
}

interface Codec {
  encode(message: { headers: Record<string, unknown>; body: Uint8Array }): Uint8Array;
  decode(bytes: Uint8Array): {
    readonly headers: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
    readonly body: Uint8Array;
  };
}

// The codec comes from the SDK itself, through its own dependencies.
const requireFromSdk = createRequire(
  createRequire(import.meta.url).resolve('@aws-sdk/client-lex-runtime-v2'),
);
const { EventStreamCodec } = requireFromSdk('@smithy/core/event-streams') as {
  readonly EventStreamCodec: new (
    toText: (bytes: Uint8Array) => string,
    toBytes: (text: string) => Uint8Array,
  ) => Codec;
};
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);
const AUDIO_PIECE_BYTES = 100;

export async function startLexServer(): Promise<LexServer> {
  let respond: (conversation: LexConversation) => void | Promise<void> = () => undefined;
  const conversations: LexConversation[] = [];
  const sessions = new Set<Http2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    const conversation = serveStream(stream, headers, () => {
      conversations.push(conversation);
      void respond(conversation);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    conversations,
    answer(next) {
      respond = next;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

function serveStream(
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, unknown>>,
  onFirst: () => void,
): LexConversation {
  const received: WireEvent[] = [];
  const waiting: { readonly type: string; readonly resolve: (event: WireEvent) => void }[] = [];
  let buffered: Buffer = Buffer.alloc(0);
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4 && buffered.length >= buffered.readUInt32BE(0)) {
      const length = buffered.readUInt32BE(0);
      const event = readSigned(buffered.subarray(0, length));
      buffered = buffered.subarray(length);
      if (event === undefined) continue;
      received.push(event);
      if (received.length === 1) onFirst();
      for (const waiter of waiting) if (waiter.type === event.type) waiter.resolve(event);
    }
  });
  const ended = new Promise<void>((resolve) => void stream.on('end', resolve));
  const cut = new Promise<void>((resolve) => {
    stream.on('close', () => {
      if (!stream.readableEnded || stream.rstCode !== 0 || !stream.writableFinished) resolve();
    });
  });
  const open = (): void => {
    if (stream.headersSent) return;
    stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
  };
  const write = (kind: string, type: string, body: Uint8Array): void => {
    if (stream.closed || stream.destroyed) return;
    open();
    stream.write(
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: kind },
          [`:${kind}-type`]: { type: 'string', value: type },
          ':content-type': { type: 'string', value: 'application/json' },
        },
        body,
      }),
    );
  };
  const send = (type: string, body: Readonly<Record<string, unknown>> = {}): void =>
    write('event', type, Buffer.from(JSON.stringify(body)));
  return {
    path: String(headers[':path']),
    headers,
    received,
    send,
    speak(audio) {
      for (let at = 0; at < audio.length; at += AUDIO_PIECE_BYTES) {
        const piece = audio.subarray(at, at + AUDIO_PIECE_BYTES);
        send('AudioResponseEvent', {
          audioChunk: Buffer.from(piece).toString('base64'),
          contentType: 'audio/pcm',
        });
      }
      send('AudioResponseEvent', { contentType: 'audio/pcm' });
    },
    fail(exception, message) {
      const body = Buffer.from(JSON.stringify({ message }));
      if (stream.headersSent) {
        write('exception', exception, body);
        return;
      }
      stream.respond({
        ':status': exception === 'ConflictException' ? 409 : 400,
        'content-type': 'application/json',
        'x-amzn-errortype': exception,
      });
      stream.end(body);
    },
    close() {
      open();
      stream.end();
    },
    async until(type) {
      const known = received.find((event) => event.type === type);
      if (known !== undefined) return known;
      return new Promise<WireEvent>((resolve) => void waiting.push({ type, resolve }));
    },
    cut,
    ended,
  };
}

/** Each event comes in an envelope that is signed; an empty one ends the stream. */
function readSigned(bytes: Uint8Array): WireEvent | undefined {
  const envelope = codec.decode(bytes);
  if (envelope.headers[':chunk-signature'] === undefined) throw new TypeError('not signed');
  if (envelope.body.length === 0) return undefined;
  const { headers, body } = codec.decode(envelope.body);
  const json: unknown = JSON.parse(Buffer.from(body).toString('utf8') || '{}');
  return { type: String(headers[':event-type']?.value), body: isRecord(json) ? json : {} };
}
