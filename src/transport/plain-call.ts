import type { status as Status } from '@grpc/grpc-js';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { type PeerCertificate, TLSSocket } from 'node:tls';

import { GatewayError } from '../core/gateway-error.ts';
import { type CallListener, MESSAGE_HEAD_BYTES, type ServedCall } from './served-call.ts';

const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc+proto' };
const WITH_TRAILERS = { waitForTrailers: true };
const CALL = Symbol('call');

type OwnStream = ServerHttp2Stream & { [CALL]?: PlainCall };

/**
 * Whether a call asks for nothing but messages as they are. What is compressed, or has a deadline, is left to grpc-js, and so is
 * what is no gRPC at all.
 */
export function isPlain(headers: IncomingHttpHeaders): boolean {
  const { 'content-type': type, 'grpc-encoding': encoding, 'grpc-timeout': timeout } = headers;
  return (
    type?.startsWith('application/grpc') === true &&
    timeout === undefined &&
    (encoding === undefined || encoding === 'identity')
  );
}

/**
 * A call whose frames are read here. grpc-js asks for each message anew, which makes the stream stop and go, and waits for
 * a promise before it hands it on: more than half of what a frame of caller sound costs. One object a call, and no closure, hence
 * a class.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class PlainCall implements ServedCall {
  readonly stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #maxMessageBytes: number;
  #listener: CallListener | undefined;
  /** Of a message that has not come whole. */
  #pieces: Buffer[] | undefined;
  #held = 0;
  /** As many are needed before it is worth looking again. */
  #wanted = MESSAGE_HEAD_BYTES;
  /** The listener is busy with a message. */
  #isHeld = false;
  /** The client has sent its last byte. */
  #hasEnded = false;
  /** Nothing that comes matters any more. */
  #isDeaf = false;
  #hasHeaders = false;
  #isOver = false;
  #status: Readonly<Record<string, string>> | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, maxMessageBytes: number) {
    this.stream = stream;
    this.#headers = headers;
    this.#maxMessageBytes = maxMessageBytes;
    (stream as OwnStream)[CALL] = this;
    // An error is followed by the end of the stream, which says it all.
    stream.on('error', ignore);
    stream.on('close', onClose);
  }

  get peer(): string {
    const socket = this.stream.session?.socket;
    return socket?.remoteAddress === undefined
      ? 'unknown'
      : `${socket.remoteAddress}:${socket.remotePort}`;
  }

  header(name: string): string | undefined {
    const { [name]: value } = this.#headers;
    const first = Array.isArray(value) ? value[0] : value;
    if (first === undefined || !first.includes(',')) return first;
    return first.slice(0, first.indexOf(',')).trim();
  }

  certificate(): PeerCertificate | undefined {
    const socket = this.stream.session?.socket;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    return socket.getPeerCertificate();
  }

  start(listener: CallListener): void {
    this.#listener = listener;
  }

  read(): void {
    if (this.#isDeaf) return;
    this.stream.on('data', onData);
    this.stream.on('end', onEnd);
  }

  sendHeaders(): void {
    if (this.#hasHeaders || this.stream.destroyed || this.stream.closed) return;
    this.#hasHeaders = true;
    this.stream.respond(RESPONSE_HEADERS, WITH_TRAILERS);
  }

  sendStatus(code: Status, details: string, trailers: Readonly<Record<string, string>>): void {
    const { stream } = this;
    if (this.#status !== undefined || stream.destroyed || stream.closed) return;
    this.#status = { 'grpc-status': String(code), 'grpc-message': encodeURI(details), ...trailers };
    this.#isDeaf = true;
    this.#pieces = undefined;
    if (this.#hasHeaders) {
      stream.once('wantTrailers', onWantTrailers);
      stream.end();
    } else {
      stream.respond({ ...RESPONSE_HEADERS, ...this.#status }, { endStream: true });
      this.over();
    }
    // What the client still sends is thrown away.
    stream.resume();
  }

  /** The data of one frame, or of several. */
  take(chunk: Buffer): void {
    if (this.#isDeaf) return;
    if (this.#held === 0) return this.#split(chunk);
    this.#hold(chunk);
    if (this.#held >= this.#wanted && !this.#isHeld) this.#split(this.#join());
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#isDeaf || this.#isHeld) return;
    if (this.#held > 0) return this.#break('the last message is cut off');
    this.#isDeaf = true;
    this.#listener?.halfClosed();
  }

  sendTrailers(): void {
    if (!this.stream.destroyed && !this.stream.closed) this.stream.sendTrailers(this.#status ?? {});
    this.over();
  }

  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isDeaf = true;
    this.#listener?.over();
  }

  #split(bytes: Buffer): void {
    let at = 0;
    while (bytes.length - at >= MESSAGE_HEAD_BYTES) {
      const length = bytes.readUInt32BE(at + 1);
      if (bytes[at] !== 0) return this.#break('a message is compressed, and no header says how');
      if (length > this.#maxMessageBytes)
        return this.#break('a message is too large', 'ERR_TRANSPORT_MESSAGE_SIZE');
      const end = at + MESSAGE_HEAD_BYTES + length;
      if (end > bytes.length) break;
      const busy = this.#listener?.message(bytes.subarray(at + MESSAGE_HEAD_BYTES, end));
      at = end;
      if (this.#isDeaf) return;
      if (busy !== undefined) {
        void this.#wait(busy);
        break;
      }
    }
    if (at < bytes.length) this.#hold(at === 0 ? bytes : bytes.subarray(at));
  }

  #hold(piece: Buffer): void {
    (this.#pieces ??= []).push(piece);
    this.#held += piece.length;
    const [first] = this.#pieces;
    if (
      this.#wanted === MESSAGE_HEAD_BYTES &&
      first !== undefined &&
      first.length >= MESSAGE_HEAD_BYTES
    )
      this.#wanted = MESSAGE_HEAD_BYTES + first.readUInt32BE(1);
  }

  #join(): Buffer {
    const pieces = this.#pieces ?? [];
    const [only] = pieces;
    const bytes = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
    this.#pieces = undefined;
    this.#held = 0;
    this.#wanted = MESSAGE_HEAD_BYTES;
    return bytes;
  }

  async #wait(busy: Promise<void>): Promise<void> {
    this.#isHeld = true;
    this.stream.pause();
    await busy;
    this.#isHeld = false;
    if (this.#isDeaf) return;
    if (this.#held >= this.#wanted) this.#split(this.#join());
    if (this.#isHeld) return;
    if (this.#hasEnded) this.ended();
    else this.stream.resume();
  }

  #break(
    why: string,
    code:
      | 'ERR_TRANSPORT_MESSAGE_SIZE'
      | 'ERR_PROTOCOL_INPUT_MISSING' = 'ERR_PROTOCOL_INPUT_MISSING',
  ): void {
    this.#isDeaf = true;
    this.#pieces = undefined;
    this.#listener?.broken(new GatewayError(code, why));
  }
}

const ignore = (): void => undefined;

function onData(this: OwnStream, chunk: Buffer): void {
  this[CALL]?.take(chunk);
}

function onEnd(this: OwnStream): void {
  this[CALL]?.ended();
}

function onClose(this: OwnStream): void {
  this[CALL]?.over();
}

function onWantTrailers(this: OwnStream): void {
  this[CALL]?.sendTrailers();
}
