import { Server, type ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { service as standardHealth } from 'grpc-health-check';

import type { Clock } from '../core/clock.ts';
import { loadHealth } from '../protocols/health/wire.ts';
import type { BidiHandler, ProtocolService, UnaryHandler } from '../protocols/rpc.ts';
import type { CallLayers } from './call-layers.ts';
import { type ConnectionCounts, createConnectionGuard } from './connection-guard.ts';
import { type ServingStatus, createHealthReporter } from './health-service.ts';
import { capHeaders, http2ServersOf } from './http2-server.ts';
import { interceptCalls, takePlainCalls } from './own-calls.ts';
import type { ServeCall } from './served-call.ts';
import { type ServeDeps, createServeDeps, serveBidi } from './serve-bidi.ts';
import { toBidi } from './to-bidi.ts';
import {
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
  const connections = createConnectionGuard(toConnectionLimits(limits), deps);
  const serve = createServeDeps(limits, { ...deps, connections });
  const own = new Map(services.flatMap((service) => serveService(service, serve)));
  const server = new Server({ ...toServerOptions(limits), interceptors: [interceptCalls(own)] });
  capHeaders(server, MAX_HEADER_BYTES);
  for (const { definition } of services)
    server.addService(takeBytes(definition), toStubs(definition));
  const health = createHealthReporter(new Set(['', ...services.map(nameOf)]));
  server.addService(standardHealth, health.handlers('SERVICE_UNKNOWN'));
  server.addService(loadHealth(), health.handlers('UNKNOWN'));

  const port = await listen(server, options);
  for (const http2Server of http2ServersOf(server)) {
    takePlainCalls(http2Server, own, limits.maxReceiveBytes);
    connections.watch(http2Server, deps.layers.handshakeRefused);
  }
  const close = (): void => {
    server.forceShutdown();
    connections.close();
    serve.silent.close();
    serve.stalls.close();
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

/** Serves each method of a service, by path. Each handler takes what its definition decodes to, which no signature can say. */
function serveService(
  { definition, schemaId, bidi, unary }: ProtocolService,
  deps: ServeDeps,
): readonly (readonly [path: string, serve: ServeCall])[] {
  const serve = (method: string, handler: BidiHandler<object>): readonly [string, ServeCall] => {
    const of = definition[method];
    if (of === undefined) throw new TypeError(`there is no method ${method}`);
    return [of.path, serveBidi(method, schemaId, handler, of.requestDeserialize, deps)];
  };
  return [
    ...Object.entries(bidi).map(([method, handler]) =>
      serve(method, handler as BidiHandler<object>),
    ),
    ...Object.entries(unary).map(([method, handler]) =>
      serve(method, toBidi(handler as UnaryHandler<object>)),
    ),
  ];
}

/** Messages are read where the call is served, whoever reads its frames. */
function takeBytes(definition: ProtocolService['definition']): ProtocolService['definition'] {
  return Object.fromEntries(
    Object.entries(definition).map(([method, of]) => [
      method,
      { ...of, requestDeserialize: (bytes: Buffer) => bytes },
    ]),
  );
}

/** grpc-js knows a method by its handler, though its calls are taken over before they come to it. */
function toStubs(definition: ProtocolService['definition']): UntypedServiceImplementation {
  const unreachable = (): never => {
    throw new TypeError('a call was not taken over');
  };
  return Object.fromEntries(Object.keys(definition).map((method) => [method, unreachable]));
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
