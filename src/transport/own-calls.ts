import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Stream,
} from 'node:http2';

import { GrpcJsCall } from './grpc-js-call.ts';
import { PlainCall, isPlain } from './plain-call.ts';
import type { ServeCall } from './served-call.ts';

/** Who serves which method, by path. */
export type Serving = ReadonlyMap<string, ServeCall>;

/**
 * Serves methods without the stream objects that grpc-js makes for handlers, which cost more than a turn does otherwise: an
 * interceptor that never hands a call on. All other methods are served as usual.
 */
export function interceptCalls(serving: Serving): ServerInterceptor {
  return ({ path }, call) => {
    const serve = serving.get(path);
    if (serve === undefined) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, { start: () => new GrpcJsCall(call).open(serve) });
  };
}

type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

/** Serves calls of these methods that are {@link isPlain plain} before grpc-js sees them; it sees all others. */
export function takePlainCalls(
  server: Http2Server | Http2SecureServer,
  serving: Serving,
  maxMessageBytes: number,
): void {
  // Those of grpc-js, which has begun to listen; they take what the event brings.
  const others = server.listeners('stream') as OnStream[];
  server.removeAllListeners('stream');
  const onStream: OnStream = (stream, headers, flags, rawHeaders) => {
    const serve = serving.get(headers[':path'] ?? '');
    if (serve !== undefined && isPlain(headers))
      return serve(new PlainCall(stream, headers, maxMessageBytes));
    for (const other of others) other.call(server, stream, headers, flags, rawHeaders);
  };
  server.on('stream', onStream);
}
