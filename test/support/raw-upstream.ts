import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

import { createRelayClient } from '../../src/transport/relay-client.ts';
import type { RelayStream } from '../../src/conversation/relay.ts';
import { systemClock } from '../../src/core/clock.ts';
import { PROCESS_CALLER_INPUT_PATH } from '../../src/protocols/voice-virtual-agent/schema.ts';

/** An RPC as grpc-js gives it, with messages as bytes. */
export type RawCall = ServerDuplexStream<Buffer, Buffer>;

/** A gRPC server of bytes, whose one method is answered as the test says. */
export interface RawUpstream {
  readonly port: number;
  readonly target: string;
  /** Every RPC, in the order of their arrival. */
  readonly calls: readonly RawCall[];
  /** The nth RPC, counted from 0; waits for it. */
  call(index: number): Promise<RawCall>;
  close(): void;
}

const asIs = (bytes: Buffer): Buffer => bytes;

export async function startRawUpstream(
  serve: (call: RawCall) => void,
  options: { readonly port?: number; readonly credentials?: ServerCredentials } = {},
): Promise<RawUpstream> {
  const calls: RawCall[] = [];
  let arrived: (() => void)[] = [];
  const server = new Server();
  server.addService(
    {
      ProcessCallerInput: {
        path: PROCESS_CALLER_INPUT_PATH,
        requestStream: true,
        responseStream: true,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      ProcessCallerInput(call: RawCall) {
        calls.push(call);
        // A client may be gone before it was answered.
        call.on('error', () => undefined);
        serve(call);
        for (const wake of arrived) wake();
        arrived = [];
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${options.port ?? 0}`,
      options.credentials ?? ServerCredentials.createInsecure(),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    );
  });
  return {
    port,
    target: `127.0.0.1:${port}`,
    calls,
    async call(index) {
      for (;;) {
        const call = calls[index];
        if (call !== undefined) return call;
        await new Promise<void>((resolve) => arrived.push(resolve));
      }
    },
    close: () => server.forceShutdown(),
  };
}

/** One RPC that went by. */
interface TappedRpc {
  readonly trackingId: string;
  readonly requests: Buffer[];
  readonly responses: Buffer[];
}

/** A wire-tap: stands before a gRPC server and remembers the bytes of both directions. */
export async function startTap(target: string) {
  const rpcs: TappedRpc[] = [];
  const client = await createRelayClient(
    { target, tls: undefined, maxConnections: 1, connectTimeoutMs: 2_000, keepaliveMs: 60_000 },
    { clock: systemClock },
  );
  const server = await startRawUpstream((call) => {
    const headers = Object.fromEntries(
      ['authorization', 'trackingid', 'x-conversation-id'].flatMap((name) => {
        const value = call.metadata.get(name)[0];
        return value === undefined ? [] : [[name, value.toString()]];
      }),
    );
    const rpc: TappedRpc = { trackingId: headers['trackingid'] ?? '', requests: [], responses: [] };
    rpcs.push(rpc);
    const stream: RelayStream = client.open(
      { path: PROCESS_CALLER_INPUT_PATH, headers },
      {
        relayed(bytes) {
          rpc.responses.push(bytes);
          call.write(bytes);
        },
        relayDrained: () => undefined,
        relayEnded({ status }) {
          if (status === 'OK') call.end();
          else call.emit('error', { code: 14, details: status });
        },
      },
    );
    call.on('data', (bytes: Buffer) => {
      rpc.requests.push(bytes);
      stream.send(bytes);
    });
    call.on('end', () => stream.halfClose());
    call.on('cancelled', () => stream.cancel());
  });
  return {
    target: server.target,
    rpcs,
    close() {
      server.close();
      client.close();
    },
  };
}
