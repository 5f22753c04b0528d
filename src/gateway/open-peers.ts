import type { PeersConfig } from '../config/config.ts';
import type { Peers } from '../conversation/peers.ts';
import type { RelayClient, RelayStream } from '../conversation/relay.ts';
import type { Clock } from '../core/clock.ts';
import { peerHeaders } from '../transport/peer-credential.ts';
import { createRelayClient, refuseRelay } from '../transport/relay-client.ts';

/** Replicas that are talked to at once; the one that was met first gives way. */
const MAX_PEERS = 128;
/** RPCs of some 6,400 calls at each. */
const MAX_CONNECTIONS = 64;
/** A caller hears nothing meanwhile, and whoever is away is replaced. */
const CONNECT_TIMEOUT_MS = 1_000;
/** A replica that has vanished, or stands still, is noticed within ten seconds. */
const KEEPALIVE_MS = 5_000;

/** Opens the way to other replicas; connections are made when they are needed. */
export function openPeers(
  { token, tls }: Pick<PeersConfig, 'token' | 'tls'>,
  replicaId: string,
  deps: { readonly clock: Clock },
): Peers & { release(): void } {
  const clients = new Map<string, Promise<RelayClient>>();
  const streams = new Set<RelayStream>();
  const credential = peerHeaders(replicaId, token);

  const connect = (address: string): Promise<RelayClient> =>
    createRelayClient(
      {
        target: address,
        tls,
        maxConnections: MAX_CONNECTIONS,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        keepaliveMs: KEEPALIVE_MS,
        keepaliveTimeoutMs: KEEPALIVE_MS,
      },
      deps,
    );
  const drop = (address: string): void => {
    const client = clients.get(address);
    clients.delete(address);
    void client?.then(
      (opened) => opened.close(),
      () => undefined,
    );
  };
  const clientOf = (address: string): Promise<RelayClient> => {
    const known = clients.get(address);
    if (known !== undefined) return known;
    const client = connect(address);
    clients.set(address, client);
    const [oldest] = clients.keys();
    if (clients.size > MAX_PEERS && oldest !== undefined) drop(oldest);
    return client;
  };
  return {
    async open({ address }, { path, headers }, listener) {
      let client: RelayClient;
      try {
        client = await clientOf(address);
      } catch {
        // Certificates that cannot be read any more.
        drop(address);
        return refuseRelay(listener, 'UNAVAILABLE');
      }
      const stream: RelayStream = client.open(
        { path, headers: { ...headers, ...credential } },
        {
          relayed: (bytes) => listener.relayed(bytes),
          relayDrained: () => listener.relayDrained(),
          relayEnded(end) {
            streams.delete(stream);
            listener.relayEnded(end);
          },
        },
      );
      streams.add(stream);
      return {
        ...stream,
        cancel() {
          streams.delete(stream);
          stream.cancel();
        },
      };
    },
    forget: ({ address }) => drop(address),
    /** Asks the others to complete what only listens. */
    release() {
      for (const stream of streams) stream.halfClose();
    },
    close() {
      for (const address of clients.keys()) drop(address);
    },
  };
}
