import type { Server } from '@grpc/grpc-js';
import type { Http2SecureServer, Http2Server, ServerOptions } from 'node:http2';

/** What grpc-js keeps to itself. */
interface Internals {
  readonly commonServerOptions?: ServerOptions;
  readonly http2Servers?: ReadonlyMap<Http2Server | Http2SecureServer, unknown>;
}

/** Server in grpc-js declares these private, so they can only be read as what they are known to be in this version. */
function internalsOf(server: Server): Internals {
  return server as unknown as Internals;
}

/**
 * Caps the headers of a stream, before `bindAsync`. grpc-js has no option for it, and without it HTTP/2 takes some 140 KB
 * a stream before anybody is asked who calls. A stream beyond it is reset with ENHANCE_YOUR_CALM while its headers
 * arrive, and a connection that keeps trying is closed.
 *
 * Resets need no such help: nghttp2 closes a connection that resets more than 1,000 streams at once, or more than 33 a
 * second for long (CVE-2023-44487).
 *
 * @throws {TypeError} When this version of grpc-js keeps its options elsewhere: better no server than one without limits.
 */
export function capHeaders(server: Server, maxHeaderBytes: number): void {
  const options = internalsOf(server).commonServerOptions;
  if (options === undefined) throw new TypeError('grpc-js keeps its HTTP/2 options elsewhere');
  options.settings = { ...options.settings, maxHeaderListSize: maxHeaderBytes };
}

/**
 * The HTTP/2 servers behind a gRPC server, after `bindAsync`: one an address.
 *
 * @throws {TypeError} When this version of grpc-js keeps them elsewhere.
 */
export function http2ServersOf(server: Server): readonly (Http2Server | Http2SecureServer)[] {
  const servers = [...(internalsOf(server).http2Servers?.keys() ?? [])];
  if (servers.length === 0) throw new TypeError('grpc-js keeps its HTTP/2 servers elsewhere');
  return servers;
}
