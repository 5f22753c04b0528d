import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

import { constants } from 'node:http2';

/**
 * The one place that reaches behind grpc-js's public face: neither the HTTP/2 stream of a call nor its session can be
 * had otherwise. A test notices when a new version moves them.
 */
export function http2StreamOf(call: unknown): ServerHttp2Stream | undefined {
  let holder: unknown = call;
  // A call wraps the base call directly, or through one layer an interceptor.
  for (let depth = 0; depth < 4 && isObject(holder); depth += 1) {
    if (isObject(holder['stream'])) return holder['stream'] as unknown as ServerHttp2Stream;
    holder = holder['call'] ?? holder['nextCall'];
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const widened = new WeakSet<ServerHttp2Session>();

/**
 * Opens the receive window of the connection, which grpc-js leaves at 64 KB: that is what 64 calls send in 40 ms, and
 * any more would wait. Done once a connection, at its first RPC.
 */
export function widenConnectionWindow(call: unknown, windowBytes: number): void {
  const session = http2StreamOf(call)?.session;
  if (session === undefined || session === null || widened.has(session as ServerHttp2Session))
    return;
  widened.add(session as ServerHttp2Session);
  session.setLocalWindowSize(windowBytes);
}

/** Tells how many bytes of answers wait for the client, in grpc-js and below it. */
export function waitingBytesOf(call: unknown): number {
  const state: unknown = isObject(call) ? call['_writableState'] : undefined;
  const queued: unknown =
    isObject(state) && typeof state['getBuffer'] === 'function' ? state['getBuffer']() : [];
  let bytes = http2StreamOf(call)?.writableLength ?? 0;
  for (const entry of Array.isArray(queued) ? queued : [])
    if (isObject(entry) && entry['chunk'] instanceof Uint8Array) bytes += entry['chunk'].length;
  return bytes;
}

/** Resets the stream at once, throwing away what waits to be sent. */
export function resetStream(call: unknown): void {
  http2StreamOf(call)?.close(constants.NGHTTP2_CANCEL);
}
