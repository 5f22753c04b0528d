import { Server, type ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { service as standardHealth } from 'grpc-health-check';

import type { Clock } from '../core/clock.ts';
import { loadHealth } from '../protocols/health/wire.ts';
import type { BidiHandler, ProtocolService, UnaryHandler } from '../protocols/rpc.ts';
import type { CallLayers } from './call-layers.ts';
import { type ConnectionCounts, createConnectionGuard } from './connection-guard.ts';
import { type ServingStatus, createHealthReporter } from './health-service.ts';
import { capHeaders, http2ServersOf } from './http2-server.ts';
import { type ServeDeps, serveBidi } from './serve-bidi.ts';
import { serveUnary } from './serve-unary.ts';
import {
  CONNECTION_WINDOW_BYTES,
  MAX_HEADER_BYTES,
  type ServerLimits,
  toConnectionLimits,
  toServerOptions,
} from './server-options.ts';

/** Where the server listens and within what limits. */
export interface GrpcServerOptions {
  /** Or `unix:/path`; the port then counts for nothing. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly limits: ServerLimits;
}

/** A running server. */
export interface GrpcServer {
  readonly port: number;
  readonly connections: () => ConnectionCounts;
  /** What both health services say of every service. */
  setHealth(status: ServingStatus): void;
  /**
   * Says NOT_SERVING and asks clients to go elsewhere (GOAWAY), lets open RPCs finish for `graceMs`, then cuts what is
   * left and stops. Until then the port answers: a probe hears NOT_SERVING, and a new RPC what the layers say.
   */
  drain(graceMs: number): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

/** Starts the gRPC server with the given services, and with both health services, which need no credential. */
export async function startGrpcServer(
  options: GrpcServerOptions,
  services: readonly ProtocolService[],
  deps: { readonly clock: Clock; readonly layers: CallLayers },
): Promise<GrpcServer> {
  const { limits } = options;
  const server = new Server(toServerOptions(limits));
  capHeaders(server, MAX_HEADER_BYTES);
  const connections = createConnectionGuard(toConnectionLimits(limits), deps);
  const serve: ServeDeps = {
    ...deps,
    connections,
    firstMessageTimeoutMs: limits.firstMessageTimeoutMs,
    writeStallTimeoutMs: limits.writeStallTimeoutMs,
    connectionWindowBytes: CONNECTION_WINDOW_BYTES,
  };
  for (const service of services) bind(server, service, serve);
  const health = createHealthReporter(new Set(['', ...services.map(nameOf)]));
  server.addService(standardHealth, health.handlers('SERVICE_UNKNOWN'));
  server.addService(loadHealth(), health.handlers('UNKNOWN'));

  const port = await listen(server, options);
  for (const http2Server of http2ServersOf(server))
    connections.watch(http2Server, deps.layers.handshakeRefused);
  const close = (): void => {
    server.forceShutdown();
    connections.close();
  };
  return {
    port,
    connections: connections.counts,
    setHealth: health.set,
    async drain(graceMs) {
      health.set('NOT_SERVING');
      health.endWatches();
      await connections.drain(graceMs);
      close();
    },
    async close() {
      close();
    },
  };
}

/** Binds a service; grpc-js hands each handler the type its definition decodes to, which no signature can say. */
function bind(server: Server, service: ProtocolService, serve: ServeDeps): void {
  const { schemaId } = service;
  const implementation: UntypedServiceImplementation = {};
  for (const [method, handler] of Object.entries(service.bidi))
    implementation[method] = serveBidi(method, schemaId, handler as BidiHandler<object>, serve);
  for (const [method, handler] of Object.entries(service.unary))
    implementation[method] = serveUnary(method, schemaId, handler as UnaryHandler<object>, serve);
  // Answers come here encoded: a greeting is encoded once, not once a call.
  const definition = Object.fromEntries(
    Object.entries(service.definition).map(([method, of]) => [
      method,
      { ...of, responseSerialize: (bytes: object) => bytes as Buffer },
    ]),
  );
  server.addService(definition, implementation);
}

function nameOf({ definition }: ProtocolService): string {
  return Object.values(definition)[0]?.path.split('/')[1] ?? '';
}

function listen(server: Server, options: GrpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(targetOf(options), options.credentials, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Writes an address as gRPC names a target; a `host` of `unix:/path` is one already. */
export function targetOf({ host, port }: { readonly host: string; readonly port: number }): string {
  if (host.startsWith('unix:')) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
