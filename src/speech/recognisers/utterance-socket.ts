import { WebSocket, type RawData } from 'ws';

import type { Clock } from '../../core/clock.ts';
import { type GatewayError, isGatewayError } from '../../core/gateway-error.ts';
import { networkCode, serverCode, speechFailure } from './speech-failure.ts';

/** Where to connect. */
export interface SocketTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of the authorities to trust instead of the public ones. */
  readonly ca: string | undefined;
  readonly connectTimeoutMs: number;
}

/** Who wants to know what the server says; called until the socket was closed or dropped. */
export interface SocketListener {
  /** A message, parsed. What this throws is a failure of the server. */
  message(json: unknown): void;
  /** The server hung up in good order. */
  ended(): void;
  failed(error: GatewayError): void;
}

/** A connection for one utterance. */
export interface UtteranceSocket {
  /** Sends at once, or as soon as the connection stands. The caller bounds the sum. */
  send(data: Uint8Array | string): void;
  /** Says goodbye; the connection is dropped when the server does not answer within a second. */
  close(): void;
  /** Drops the connection at once. */
  drop(): void;
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<void>;
}

/** Larger than any result of one utterance. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const GOODBYE_MS = 1000;
const NORMAL = 1000;
/** What a close frame without a code is reported as. @see RFC 6455 section 7.4.1 */
const NO_CODE = 1005;

/** Opens a connection. It follows no redirect, since the next server would get the key, and compresses nothing. */
export function openUtteranceSocket(
  target: SocketTarget,
  listener: SocketListener,
  clock: Clock,
): UtteranceSocket {
  const socket = new WebSocket(target.url, {
    headers: target.headers,
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: MAX_MESSAGE_BYTES,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
  });
  const waiting: (Uint8Array | string)[] = [];
  let isWanted = true;
  let hasOpened = false;
  let timer = clock.setTimer(target.connectTimeoutMs, () => fail(speechFailure('connect')));

  const drop = (): void => {
    isWanted = false;
    waiting.length = 0;
    timer.cancel();
    socket.terminate();
  };
  const fail = (error: GatewayError): void => {
    if (!isWanted) return;
    drop();
    listener.failed(error);
  };

  socket.on('open', () => {
    hasOpened = true;
    timer.cancel();
    for (const data of waiting.splice(0)) socket.send(data);
  });
  socket.on('message', (data) => {
    if (!isWanted) return;
    try {
      listener.message(parse(data));
    } catch (error) {
      fail(isGatewayError(error) ? error : speechFailure('malformed'));
    }
  });
  socket.on('unexpected-response', (_request, { statusCode }) =>
    fail(speechFailure('refused', { httpStatus: statusCode })),
  );
  // Also emitted by `drop`, and without a listener it would end the process.
  socket.on('error', (error) => {
    fail(speechFailure(hasOpened ? 'hung-up' : 'connect', networkCode(error)));
  });
  const gone = new Promise<void>((resolve) => {
    socket.on('close', (closeCode, reason) => {
      timer.cancel();
      if (isWanted && (closeCode === NORMAL || closeCode === NO_CODE)) {
        isWanted = false;
        listener.ended();
      } else fail(speechFailure('hung-up', { closeCode, ...serverCode(reason.toString('utf8')) }));
      resolve();
    });
  });

  return {
    send(data) {
      if (socket.readyState === WebSocket.CONNECTING) waiting.push(data);
      else if (socket.readyState === WebSocket.OPEN) socket.send(data);
    },
    close() {
      if (!isWanted) return;
      isWanted = false;
      timer.cancel();
      if (socket.readyState === WebSocket.CONNECTING) return socket.terminate();
      timer = clock.setTimer(GOODBYE_MS, () => socket.terminate());
      socket.close(NORMAL);
    },
    drop,
    gone,
  };
}

/** One server sends its last text as a binary message, so the kind of a message says nothing. */
function parse(data: RawData): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  return JSON.parse(bytes.toString('utf8')) as unknown;
}
