import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';

import { type WebSocket, WebSocketServer } from 'ws';

/** What a stand-in does with connections from now on. */
export type ServerBehaviour =
  /** Understands what `toText` makes of the sound, µ-law. */
  | {
      readonly type: 'answers';
      readonly toText: (sound: Uint8Array) => string;
      /** Reads nothing more after the first message of text that follows the sound. */
      readonly thenStops?: boolean;
    }
  /** Listens, and never gives a final text. */
  | { readonly type: 'hangs' }
  /** Takes the connection, and does not shake hands. */
  | { readonly type: 'never-accepts' }
  | { readonly type: 'refuses'; readonly status: number; readonly body: string }
  /** Sends this for the first sound. */
  | { readonly type: 'says'; readonly message: string }
  /** Closes so for the first sound. */
  | { readonly type: 'hangs-up'; readonly code: number; readonly reason: string }
  /** Drops the connection for the first sound. */
  | { readonly type: 'drops' };

/** One connection, as the server saw it. */
interface ServerLine {
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  /** Messages with sound, as they came. */
  readonly sound: Buffer[];
  /** Messages of text, as they came. */
  readonly texts: string[];
  isOpen: boolean;
  /** 1006 when the client dropped it. */
  closeCode: number | undefined;
  /** When the last message was sent, on `performance.now()`. */
  lastSentAt: number;
  /** Resolves when the client has seen all that was sent so far. */
  untilSeen(): Promise<void>;
}

/** A stand-in for a vendor's server. */
export interface RecogniserServer {
  readonly url: string;
  readonly lines: readonly ServerLine[];
  /** What a client did that the vendor would refuse. */
  readonly violations: readonly string[];
  /** Connections that were begun, shaken hands or not. */
  readonly attempts: () => number;
  behave(next: ServerBehaviour): void;
  /** Waits for something that comes with a connection, a message or a goodbye. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** The part of a stand-in that knows the vendor's words. */
export interface ServerDialect {
  readonly path: string;
  /** An HTTP status to refuse with; `undefined` to shake hands. */
  admit(line: ServerLine): number | undefined;
  /** Takes messages of one connection; `end` is called by it when the client asked for the final text. */
  talk(line: ServerLine, tools: LineTools): (data: Buffer, isBinary: boolean) => void;
}

interface LineTools {
  readonly behaviour: ServerBehaviour;
  send(message: object, isBinary?: boolean): void;
  hangUp(code: number): void;
  violate(what: string): void;
}

/** @param tls Certificate and key, for a server that is asked for as `localhost`. */
export async function startRecogniserServer(
  dialect: ServerDialect,
  tls?: { readonly cert: string; readonly key: string },
): Promise<RecogniserServer> {
  let behaviour: ServerBehaviour = { type: 'answers', toText: () => 'hello' };
  let attempts = 0;
  const lines: ServerLine[] = [];
  const violations: string[] = [];
  const tcp = new Set<Socket>();
  const changes = new EventEmitter().setMaxListeners(0);
  const changed = (): void => void changes.emit('change');
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  const sockets = new WebSocketServer({ noServer: true });

  server.on('connection', (socket: Socket) => {
    tcp.add(socket);
    socket.on('close', () => {
      tcp.delete(socket);
      changed();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    attempts++;
    changed();
    if (behaviour.type === 'never-accepts') return;
    const line: ServerLine = {
      url: new URL(request.url ?? '', 'ws://localhost'),
      headers: request.headers,
      sound: [],
      texts: [],
      isOpen: true,
      closeCode: undefined,
      lastSentAt: 0,
      untilSeen: async () => undefined,
    };
    const { status, body } =
      behaviour.type === 'refuses' ? behaviour : { status: dialect.admit(line), body: 'refused' };
    if (status !== undefined) {
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nlocation: ${request.url}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => converse(line, webSocket));
  });

  function converse(line: ServerLine, socket: WebSocket): void {
    lines.push(line);
    line.untilSeen = async () => {
      socket.ping();
      await once(socket, 'pong');
    };
    const given = behaviour;
    const hear = dialect.talk(line, {
      behaviour: given,
      send(message, isBinary = false) {
        line.lastSentAt = performance.now();
        socket.send(JSON.stringify(message), { binary: isBinary });
      },
      hangUp: (code) => socket.close(code),
      violate: (what) => void violations.push(what),
    });
    socket.on('message', (data, isBinary) => {
      // A server of `ws` that was not told otherwise gets Buffers.
      const bytes = data as Buffer;
      if (isBinary) line.sound.push(bytes);
      else line.texts.push(bytes.toString('utf8'));
      if (isBinary && given.type === 'says') socket.send(given.message);
      if (isBinary && given.type === 'hangs-up') socket.close(given.code, given.reason);
      if (isBinary && given.type === 'drops') socket.terminate();
      hear(bytes, isBinary);
      const hasEnded = !isBinary && line.sound.length > 0;
      if (hasEnded && given.type === 'answers' && given.thenStops === true) socket.pause();
      changed();
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      line.isOpen = false;
      line.closeCode = code;
      changed();
    });
    changed();
  }

  server.listen(0, tls === undefined ? '127.0.0.1' : 'localhost');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  const origin =
    tls === undefined ? `ws://127.0.0.1:${address.port}` : `wss://localhost:${address.port}`;
  return {
    url: `${origin}${dialect.path}`,
    lines,
    violations,
    attempts: () => attempts,
    behave(next) {
      behaviour = next;
    },
    async until(condition) {
      while (!condition()) await once(changes, 'change');
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of tcp) socket.destroy();
      await closed;
    },
  };
}
