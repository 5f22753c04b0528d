import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { FRAME, encodeFrame, uint32 } from './http2-frames.ts';
import { encodeRequestHeaders } from './request-headers.ts';

/** What a client begins with. RFC 9113 section 3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** No table for the receiver to keep, no pushes, and windows that never hold an answer back. RFC 9113 section 6.5.2. */
const SETTINGS = Buffer.from('00010000000000020000000000047fffffff', 'hex');
/** By how much the window of the connection is opened, again and again. */
export const WINDOW_BYTES = 2 ** 30;

/** What all RPCs of a connection share. */
export interface Http2Request {
  readonly path: string;
  readonly token: string;
  /** Who signed the certificate of the server, in PEM; absent: no TLS. */
  readonly ca?: string | undefined;
}

/** A connection on which a client has begun to speak HTTP/2; what the server says has yet to be listened to. */
export interface Http2Socket {
  readonly socket: Socket;
  /** Header blocks of its requests. */
  readonly headers: ReturnType<typeof encodeRequestHeaders>;
}

/** Connects and says what a client begins with. Whoever loses the connection hears `close`, and no error. */
export async function connectHttp2Socket(
  target: string,
  request: Http2Request,
): Promise<Http2Socket> {
  const { hostname, port } = new URL(`http://${target}`);
  const where = { host: hostname, port: Number(port) };
  const socket =
    request.ca === undefined
      ? connect({ ...where, noDelay: true })
      : connectTls({ ...where, ca: request.ca, servername: 'localhost', ALPNProtocols: ['h2'] });
  await once(socket, request.ca === undefined ? 'connect' : 'secureConnect');
  if (request.ca !== undefined) socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.write(PREFACE);
  socket.write(encodeFrame(FRAME.settings, 0, 0, SETTINGS));
  socket.write(encodeFrame(FRAME.windowUpdate, 0, 0, uint32(WINDOW_BYTES)));
  return { socket, headers: encodeRequestHeaders({ authority: target, ...request }) };
}
