import type { status as Status } from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';
import type { PeerCertificate } from 'node:tls';

/** What stands before each message: a byte for its compression, four for its length. */
export const MESSAGE_HEAD_BYTES = 5;

/** Who hears what a call brings, in this order: messages, the half-close, and the end. */
export interface CallListener {
  /** One message, without its head. A promise holds back the next. Must not throw. */
  message(bytes: Buffer): void | Promise<void>;
  /** The client has sent its last message. */
  halfClosed(): void;
  /** The client does not keep to the protocol; nothing more is read. */
  broken(error: unknown): void;
  /** The status was sent, or the client is gone: nothing waits to be written. */
  over(): void;
}

/** One gRPC call as `transport/` serves it, whoever reads its frames. */
export interface ServedCall {
  /** Messages of the answer are written here, after {@link sendHeaders}. */
  readonly stream: ServerHttp2Stream;
  /** The client's address. */
  readonly peer: string;
  /** A header as it was sent; of one that was sent twice, the first. `name` in lower case. */
  header(name: string): string | undefined;
  /** Of the client, if its connection showed one that was verified. */
  certificate(): PeerCertificate | undefined;
  /** Tells who listens. Nothing is read before {@link read}. */
  start(listener: CallListener): void;
  /** Begins to read. */
  read(): void;
  sendHeaders(): void;
  /** Ends the call, after what was written. */
  sendStatus(code: Status, details: string, trailers: Readonly<Record<string, string>>): void;
}

/** Serves one call. */
export type ServeCall = (call: ServedCall) => void;
