import { randomUUID } from 'node:crypto';

import {
  type Authenticator,
  createAuthenticator,
  type AuthenticatorDeps,
} from '../auth/authenticate.ts';
import type { Config, PeersConfig } from '../config/config.ts';
import type { CallObserver } from '../conversation/call-observer.ts';
import type { ConversationStore } from '../conversation/conversation-store.ts';
import type { ConversationDirectory } from '../conversation/directory.ts';
import {
  type ConversationFinder,
  createConversationFinder,
} from '../conversation/find-conversation.ts';
import { startLeases } from '../conversation/leases.ts';
import type { Clock } from '../core/clock.ts';
import { type Closers, close } from '../core/closers.ts';
import type { Logger } from '../core/logger.ts';
import type { ProtocolService } from '../protocols/rpc.ts';
import type { Sharing } from '../protocols/voice-virtual-agent/share-conversations.ts';
import { createRedisConversationStore } from '../stores/redis-conversation-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createCallLayers } from '../transport/call-layers.ts';
import type { FailureLimiter } from '../transport/failure-limiter.ts';
import { startGrpcServer, targetOf } from '../transport/grpc-server.ts';
import { createPeerCheck } from '../transport/peer-credential.ts';
import { startServerTls } from '../transport/server-tls.ts';
import { openPeers } from './open-peers.ts';

/** Conversations that processes share by other means than the configuration names. */
export interface LentConversations {
  /** Where this process is reached; a `listen.host` of `unix:/path` will do. */
  readonly peers: PeersConfig;
  readonly openStore: (self: {
    readonly replicaId: string;
    readonly address: () => string;
  }) => ConversationStore;
}

/** What conversations are shared with. */
export interface ConversationsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly directory: ConversationDirectory;
  readonly auth: Pick<AuthenticatorDeps, 'keys' | 'dataSources'>;
  readonly failures: FailureLimiter;
  /** `undefined`: Redis, if the configuration names one. */
  readonly lent: LentConversations | undefined;
  /** Makes the service of calls. */
  readonly serve: (sharing: Sharing) => ProtocolService;
}

/** The conversations of this process, shared with others. */
export interface OpenConversations {
  /** For RPCs of callers. */
  readonly sharing: Sharing;
  readonly observe: CallObserver;
  /** Ends RPCs of those who are not welcome any more. */
  endUnwelcome(): void;
  /** Keeps nothing from now on, and lets RPCs finish that other replicas have sent, for at most so long. */
  drain(forceMs: number): Promise<void>;
  /** Has RPCs completed that only listen at other replicas. */
  releaseListeners(): void;
}

/** What nobody touches is forgotten a while after the process that had it last would have ended it. */
const TTL_MARGIN_MS = 60_000;

/**
 * Joins the replicas that share conversations; `undefined` when there are none.
 *
 * @throws {GatewayError} `ERR_TRANSPORT_TLS` when certificates cannot be used.
 */
export async function openConversations(
  config: Config,
  deps: ConversationsDeps,
  closers: Closers,
): Promise<OpenConversations | undefined> {
  const { conversation, trust, grpc } = config;
  const peersConfig = deps.lent?.peers ?? config.peers;
  const openStore = deps.lent?.openStore ?? storeOf(conversation);
  if (peersConfig === undefined || openStore === undefined) return undefined;
  const { clock, logger, metrics, directory, failures } = deps;
  const replicaId = randomUUID();
  const { listen, advertise, token, tls } = peersConfig;

  const peers = closers.add(openPeers(peersConfig, replicaId, deps), close);
  const authenticator: Authenticator = createAuthenticator(
    { issuers: trust.issuers.map(({ issuer }) => issuer), clockSkewMs: trust.clockSkewMs },
    // The replica that the caller reached has asked whether the token is a replay; it would be one now.
    { ...deps.auth, clock, metrics, replay: { policy: 'off', admit: () => undefined } },
  );
  const layers = createCallLayers({
    authenticator,
    failures,
    checkClientName: createPeerCheck(token),
    logger,
    metrics,
    // Whose RPC is not for this process any more is told so, and goes elsewhere.
    isDraining: () => false,
  });
  const serverTls = closers.add(
    await startServerTls(tls && { ...tls, clientCaFile: tls.caFile }, deps),
    close,
  );
  const findForwarded: Sharing['find'] = (principal, message) =>
    finder.findForwarded(principal, message);
  const server = await startGrpcServer(
    { ...listen, credentials: serverTls.credentials, limits: grpc.limits },
    [deps.serve({ find: findForwarded })],
    { clock, layers },
  );
  const address = advertise ?? targetOf({ ...listen, port: server.port });
  const store = openStore({ replicaId, address: () => address });
  const leases = closers.add(
    startLeases({
      store,
      directory,
      clock,
      logger,
      metrics,
      idleTimeoutMs: conversation.idleTimeoutMs,
    }),
    close,
  );
  const finder: ConversationFinder = createConversationFinder({
    store,
    leases,
    directory,
    clock,
    logger,
    metrics,
    onStoreFailure: conversation.onStoreFailure,
  });
  // Closed first: what is open ends, and is then given back.
  closers.add(server, close);
  return {
    sharing: { find: finder.find, peers },
    observe(of, moment) {
      finder.observe(of, moment);
      leases.observe(of, moment);
    },
    endUnwelcome: () => layers.streams.endUnwelcome(authenticator.isStillWelcome),
    drain(forceMs) {
      leases.drain();
      return server.drain(forceMs);
    },
    releaseListeners: peers.release,
  };
}

function storeOf({
  redis,
  idleTimeoutMs,
}: Config['conversation']): LentConversations['openStore'] | undefined {
  if (redis === undefined) return undefined;
  return (self) =>
    createRedisConversationStore({ ...redis, ttlMs: idleTimeoutMs + TTL_MARGIN_MS }, self);
}
