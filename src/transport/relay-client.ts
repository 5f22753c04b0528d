import type { ChannelCredentials } from '@grpc/grpc-js';
import { readFile } from 'node:fs/promises';

import { Client, credentials } from '@grpc/grpc-js';

import type { RelayClient, RelayListener, RelayStream } from '../conversation/relay.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { openRelayStream } from './relay-stream.ts';

/** Where RPCs are relayed to and within what limits. */
export interface RelayClientOptions {
  /** `host:port`, or `unix:/path`. */
  readonly target: string;
  /** PEM files; `undefined`: plaintext. */
  readonly tls: RelayTls | undefined;
  /** Most connections; each carries {@link RPCS_PER_CONNECTION} RPCs. */
  readonly maxConnections: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Between two pings on a connection with open RPCs, in milliseconds. */
  readonly keepaliveMs: number;
  /** How long a ping may take, in milliseconds; default 20,000. */
  readonly keepaliveTimeoutMs?: number;
}

/** TLS of a client. */
interface RelayTls {
  /** Authorities to trust; `undefined`: the machine's. */
  readonly caFile: string | undefined;
  /** Client certificate with its chain, and its key. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Name to expect in the server's certificate; `undefined`: the target's. */
  readonly serverName: string | undefined;
}

/** What many servers allow at once on a connection; more would queue unseen. */
export const RPCS_PER_CONNECTION = 100;
const KEEPALIVE_TIMEOUT_MS = 20_000;
const FIRST_RECONNECT_MS = 100;
/** A caller who comes in an outage does not wait for grpc's default of two minutes. */
const LONGEST_RECONNECT_MS = 1_000;
/**
 * Receive window of a stream and, since grpc-js sets both alike, of the connection. A stream that nobody reads holds this
 * much; the others of its connection go on, for Node.js gives back the connection's window on arrival.
 */
const WINDOW_BYTES = 256 * 1024;
/** Ten minutes of sound in a WAV answer, and some. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/**
 * What grpc-js keeps to send again when a server refuses a stream unseen. It reports room until this is full, so it must be
 * small: 16 KB are one second of a caller's audio.
 */
const RETRY_BUFFER_BYTES = 16 * 1024;

interface Connection {
  readonly client: Client;
  open: number;
}

/**
 * Creates a client that relays RPCs. It connects at the first one, opens another connection when all have
 * {@link RPCS_PER_CONNECTION} RPCs, and connects again by itself when one breaks.
 *
 * An RPC waits for its connection, so it is never sent twice; where none can be had it ends with UNAVAILABLE, and where all
 * are full with RESOURCE_EXHAUSTED.
 *
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when the files cannot be used.
 */
export async function createRelayClient(
  options: RelayClientOptions,
  deps: { readonly clock: Clock },
): Promise<RelayClient> {
  const channelCredentials = await loadCredentials(options.tls);
  const connections: Connection[] = [];
  let isClosed = false;

  const connect = (): Connection => {
    const connection = { client: createClient(options, channelCredentials), open: 0 };
    connections.push(connection);
    return connection;
  };
  const take = (): Connection | undefined => {
    // The first that has room, so that as few connections as needed are open.
    const free = connections.find(({ open }) => open < RPCS_PER_CONNECTION);
    if (free !== undefined) return free;
    return connections.length < options.maxConnections ? connect() : undefined;
  };
  return {
    open(rpc, listener) {
      const connection = isClosed ? undefined : take();
      if (connection === undefined)
        return refuseRelay(listener, isClosed ? 'UNAVAILABLE' : 'RESOURCE_EXHAUSTED');
      connection.open += 1;
      return openRelayStream(
        {
          clock: deps.clock,
          client: connection.client,
          connectTimeoutMs: options.connectTimeoutMs,
          onOver() {
            connection.open -= 1;
          },
        },
        rpc,
        listener,
      );
    },
    close() {
      isClosed = true;
      for (const { client } of connections) client.close();
    },
  };
}

function createClient(options: RelayClientOptions, channelCredentials: ChannelCredentials): Client {
  const { tls, target } = options;
  return new Client(target.startsWith('unix:') ? target : `dns:${target}`, channelCredentials, {
    'grpc.use_local_subchannel_pool': 1,
    // Nobody's environment or DNS decides where calls go.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': options.keepaliveMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs ?? KEEPALIVE_TIMEOUT_MS,
    'grpc.initial_reconnect_backoff_ms': FIRST_RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MS,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.per_rpc_retry_buffer_size': RETRY_BUFFER_BYTES,
    'grpc-node.flow_control_window': WINDOW_BYTES,
    'grpc.primary_user_agent': 'byova-gateway',
    ...(tls?.serverName !== undefined && {
      'grpc.ssl_target_name_override': tls.serverName,
      'grpc.default_authority': tls.serverName,
    }),
  });
}

/** Gives an RPC for which there is no connection: it ends as soon as it was opened, and nothing of it was sent. */
export function refuseRelay(listener: RelayListener, status: string): RelayStream {
  let isOver = false;
  queueMicrotask(() => {
    if (!isOver) listener.relayEnded({ status, hasBegun: false, details: '' });
  });
  return {
    send: () => true,
    halfClose: () => undefined,
    cancel: () => void (isOver = true),
    pause: () => undefined,
    resume: () => undefined,
  };
}

async function loadCredentials(tls: RelayTls | undefined): Promise<ChannelCredentials> {
  if (tls === undefined) return credentials.createInsecure();
  const [ca, key, cert] = await Promise.all([tls.caFile, tls.keyFile, tls.certFile].map(readPem));
  try {
    return credentials.createSsl(ca, key, cert);
  } catch (cause) {
    throw new GatewayError('ERR_TRANSPORT_TLS', 'the TLS files of a relay cannot be used', {
      cause,
    });
  }
}

async function readPem(file: string | undefined): Promise<Buffer | null> {
  if (file === undefined) return null;
  try {
    return await readFile(file);
  } catch (cause) {
    throw new GatewayError('ERR_TRANSPORT_TLS', 'a TLS file of a relay cannot be read', {
      cause,
      detail: { file },
    });
  }
}
