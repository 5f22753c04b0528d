import {
  Metadata,
  type ServerInterceptingCallInterface,
  type status as Status,
} from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';
import type { PeerCertificate } from 'node:tls';

import type { CallListener, ServedCall } from './served-call.ts';

const NO_METADATA = new Metadata();

/**
 * A call whose frames grpc-js reads, as an interceptor meets it: below the stream objects that grpc-js makes for handlers. It does
 * what {@link PlainCall} leaves out: compression and deadlines.
 */
export class GrpcJsCall implements ServedCall {
  readonly stream: ServerHttp2Stream;
  readonly #call: ServerInterceptingCallInterface;
  #metadata: Metadata = NO_METADATA;
  #listener: CallListener | undefined;

  constructor(call: ServerInterceptingCallInterface) {
    this.#call = call;
    this.stream = http2StreamOf(call);
  }

  get peer(): string {
    return this.#call.getPeer();
  }

  header(name: string): string | undefined {
    return this.#metadata.get(name)[0]?.toString();
  }

  certificate(): PeerCertificate | undefined {
    return this.#call.getAuthContext().sslPeerCertificate;
  }

  /** Has the headers read, before anything else is done with the call. */
  open(serve: (call: ServedCall) => void): void {
    this.#call.start({
      onReceiveMetadata: (metadata) => {
        this.#metadata = metadata;
        serve(this);
      },
      onReceiveMessage: (bytes: Buffer) => void this.#pass(bytes),
      onReceiveHalfClose: () => this.#listener?.halfClosed(),
      onCancel: () => this.#listener?.over(),
    });
  }

  start(listener: CallListener): void {
    this.#listener = listener;
  }

  read(): void {
    this.#call.startRead();
  }

  sendHeaders(): void {
    this.#call.sendMetadata(NO_METADATA);
  }

  sendStatus(code: Status, details: string, trailers: Readonly<Record<string, string>>): void {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
    this.#call.sendStatus({ code, details, metadata });
  }

  async #pass(bytes: Buffer): Promise<void> {
    await this.#listener?.message(bytes);
    this.#call.startRead();
  }
}

/**
 * The HTTP/2 stream of a call, which grpc-js shows to nobody. A test notices when a new version moves it.
 *
 * @throws {TypeError} When this version of grpc-js keeps it elsewhere.
 */
function http2StreamOf(call: object): ServerHttp2Stream {
  const { stream } = call as { readonly stream?: unknown };
  if (typeof stream !== 'object' || stream === null)
    throw new TypeError('grpc-js keeps the HTTP/2 stream of a call elsewhere');
  return stream as ServerHttp2Stream;
}
