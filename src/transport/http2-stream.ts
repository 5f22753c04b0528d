import type { ServerHttp2Stream } from 'node:http2';

import { constants } from 'node:http2';

/**
 * The one place that reaches behind grpc-js's public face: the HTTP/2 stream of a call cannot be had otherwise. A test
 * notices when a new version moves it.
 *
 * @param call As an interceptor meets it.
 * @throws {TypeError} When this version of grpc-js keeps it elsewhere.
 */
export function http2StreamOf(call: object): ServerHttp2Stream {
  const { stream } = call as { readonly stream?: unknown };
  if (typeof stream !== 'object' || stream === null)
    throw new TypeError('grpc-js keeps the HTTP/2 stream of a call elsewhere');
  return stream as ServerHttp2Stream;
}

/** Resets the stream at once, throwing away what waits to be sent. */
export function resetStream(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL);
}
