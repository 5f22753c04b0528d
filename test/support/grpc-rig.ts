import {
  type ChannelCredentials,
  credentials,
  Metadata,
  makeClientConstructor,
  type status as Status,
} from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { ServerCredentials } from '@grpc/grpc-js';

import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Authenticator } from '../../src/auth/authenticate.ts';
import type { ProtocolService } from '../../src/protocols/rpc.ts';
import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type CallLayersDeps, createCallLayers } from '../../src/transport/call-layers.ts';
import { startGrpcServer } from '../../src/transport/grpc-server.ts';
import type { ServerLimits } from '../../src/transport/server-options.ts';
import { PRINCIPAL } from './call-rig.ts';
import { createLogRecorder } from './log-recorder.ts';

const LIMITS: ServerLimits = {
  maxReceiveBytes: 1024 * 1024,
  maxStreamsPerConnection: 1_000,
  maxSessionMemoryMb: 64,
  keepaliveMs: 60_000,
  firstMessageTimeoutMs: 10_000,
  writeStallTimeoutMs: 20_000,
};

export interface GrpcRigOptions {
  readonly bidi?: ProtocolService['bidi'][string];
  readonly unary?: ProtocolService['unary'][string];
  readonly limits?: Partial<ServerLimits>;
  readonly authenticate?: Authenticator['authenticate'];
  readonly credentials?: ServerCredentials;
  readonly clock?: Clock;
  readonly layers?: Pick<CallLayersDeps, 'checkClientName' | 'failures'>;
}

/** The transport room on a free port, with handlers of the test behind it and a raw client before it. */
export async function startGrpcRig(options: GrpcRigOptions = {}) {
  const log = createLogRecorder();
  const metrics = createMetrics();
  let isDraining = false;
  const definition: ServiceDefinition = { ...loadVoiceVirtualAgent() };
  const server = await startGrpcServer(
    {
      host: '127.0.0.1',
      port: 0,
      credentials: options.credentials ?? ServerCredentials.createInsecure(),
      limits: { ...LIMITS, ...options.limits },
    },
    [
      {
        schemaId: PRINCIPAL.schemaId,
        definition,
        bidi: {
          ProcessCallerInput:
            options.bidi ??
            ((_context, responses) => ({
              message: () => undefined,
              halfClose: () => responses.complete(),
              closed: () => undefined,
            })),
        },
        unary: { ListVirtualAgents: options.unary ?? (() => Buffer.alloc(0)) },
      },
    ],
    {
      clock: options.clock ?? systemClock,
      layers: createCallLayers({
        authenticator: { authenticate: options.authenticate ?? (() => PRINCIPAL) },
        logger: log.logger,
        metrics,
        isDraining: () => isDraining,
        ...options.layers,
      }),
    },
  );
  const Client = makeClientConstructor(definition, 'VoiceVirtualAgent');
  const connect = (channel: ChannelCredentials = credentials.createInsecure()) =>
    new Client(`127.0.0.1:${server.port}`, channel, { 'grpc.use_local_subchannel_pool': 1 });
  const client = connect();
  const openStream = (metadata = new Metadata(), through = client) => {
    const stream = through['ProcessCallerInput']?.call(through, metadata);
    const messages: unknown[] = [];
    stream.on('data', (message: unknown) => messages.push(message));
    stream.on('error', () => undefined);
    const status = new Promise<{ code: Status; details: string; metadata: Metadata }>((resolve) =>
      stream.on('status', resolve),
    );
    return { stream, messages, status };
  };
  return {
    server,
    client,
    connect,
    log,
    metrics,
    openStream,
    setDraining: () => void (isDraining = true),
    async close() {
      client.close();
      await server.close();
    },
  };
}
