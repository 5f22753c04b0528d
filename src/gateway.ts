import type { RevocationEffect } from './admin/operations-routes.ts';
import { startAdmin } from './admin/start-admin.ts';
import { type ReadinessReport, isReady, reasonsOf } from './admin/readiness.ts';
import { createAuthenticator } from './auth/authenticate.ts';
import { createReplayGuard } from './auth/create-replay-guard.ts';
import { type DataSource, createDataSources } from './auth/data-sources.ts';
import { createIssuerKeys } from './auth/issuer-keys.ts';
import type { KeySource } from './auth/key-source.ts';
import type { ReplayGuard } from './auth/replay-guard.ts';
import type { Config, DataSourceConfig } from './config/config.ts';
import { startOrganisations } from './config/watch-organisations.ts';
import { createAgentCatalogue } from './conversation/agent.ts';
import { countCalls } from './conversation/count-calls.ts';
import { createConversationDirectory } from './conversation/directory.ts';
import type { SpeechSynthesiser } from './conversation/speech-synthesiser.ts';
import { type Clock, every, systemClock } from './core/clock.ts';
import { type Closers, createClosers } from './core/closers.ts';
import { createLifecycle } from './core/lifecycle.ts';
import type { Logger } from './core/logger.ts';
import { type OpenRelay, loadAgents, toOrganisations } from './gateway/load-agents.ts';
import { loadSoundEngines } from './gateway/open-ears.ts';
import { closeBots } from './handlers/close-bots.ts';
import { createVoiceVirtualAgentService } from './protocols/voice-virtual-agent/service.ts';
import { createCachedSynthesiser } from './speech/cached-synthesiser.ts';
import { createFliteSynthesiser } from './speech/flite-synthesiser.ts';
import { createMemoryReplayStore } from './stores/memory-replay-store.ts';
import { createRedisReplayStore } from './stores/redis-replay-store.ts';
import { logEvent } from './telemetry/log-events.ts';
import { addProcessMetrics, createMetrics } from './telemetry/metrics.ts';
import { createCallLayers } from './transport/call-layers.ts';
import { createClientNameCheck } from './transport/client-names.ts';
import { createFailureLimiter } from './transport/failure-limiter.ts';
import { startGrpcServer } from './transport/grpc-server.ts';
import { createRelayClient } from './transport/relay-client.ts';
import { startServerTls } from './transport/server-tls.ts';

/** What the ping of the admin port calls this service. */
const SERVICE_NAME = 'byova-gateway';
/** How soon health follows what makes the gateway ready or not, such as keys that arrive. */
const HEALTH_INTERVAL_MS = 1_000;

/** What the process lends the gateway. */
export interface GatewayDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch: typeof fetch;
  /** The voice; default: the embedded one, with a memory in front of it. One that is lent is not closed. */
  readonly synthesiser?: SpeechSynthesiser;
}

/** A running gateway. */
export interface Gateway {
  readonly grpcPort: number;
  readonly adminPort: number;
  readonly readiness: () => ReadinessReport;
  /** Loads the agents of a new configuration; calls under way keep the bot they began with. */
  reloadAgents(config: Config): Promise<void>;
  /** Refuses new RPCs, lets open ones finish within the configured time, then stops. */
  drain(): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

/**
 * Builds the gateway and starts it. Read from the end to the beginning it is the path of a call: server, layers,
 * authentication, protocol, conversation, bot.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when a bot cannot be loaded, `ERR_CONFIG_INVALID` when the file of
 *   organisations cannot be used.
 */
export async function startGateway(config: Config, deps: GatewayDeps): Promise<Gateway> {
  const closers = createClosers();
  try {
    return await start(config, deps, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(config: Config, deps: GatewayDeps, closers: Closers): Promise<Gateway> {
  const { clock, logger } = deps;
  const lifecycle = createLifecycle();
  const metrics = createMetrics();
  addProcessMetrics(metrics.registry);

  const synthesiser = deps.synthesiser ?? closers.add(createVoice(config), close);
  const engines = await loadSoundEngines(config.conversation.maxConversations);

  const openRelay: OpenRelay = async ({ upstream, ...relay }) => ({
    ...relay,
    client: closers.add(await createRelayClient(upstream, deps), close),
  });
  let agents = await loadAgents(config, { ...deps, synthesiser, openRelay });
  closers.add(agents, async () => {
    const bots = agents.map(({ bot }) => bot);
    const recognisers = agents.flatMap(({ recogniser }) => recogniser ?? []);
    await closeBots([...bots, ...recognisers], logger);
  });
  let catalogue = createAgentCatalogue(agents);
  const observe = countCalls(metrics);
  const directory = closers.add(
    createConversationDirectory(config.conversation, {
      observe,
      clock,
      logger,
      metrics,
      catalogue: () => catalogue,
    }),
    close,
  );
  const voiceVirtualAgent = createVoiceVirtualAgentService({
    catalogue: () => catalogue,
    turns: {
      clock,
      logger,
      metrics,
      directory,
      synthesiser,
      ...engines,
      observe,
      endConversation: directory.end,
      requireOrganisation: config.trust.requireCustomerOrgId,
    },
  });
  const { trust } = config;
  const keys = closers.add(
    createIssuerKeys({ issuers: trust.issuers, ...trust.keys }, { ...deps, metrics }),
    close,
  );
  const dataSources = createDataSources(config.dataSources.map(toDataSource));
  const replay = closers.add(
    createReplayGuard(trust.replay, {
      clock,
      logger,
      metrics,
      memory: createMemoryReplayStore({
        whenFull: trust.replay.onStoreFailure === 'local' ? 'forget' : 'refuse',
      }),
      shared: trust.replay.redis && createRedisReplayStore(trust.replay.redis),
    }),
    close,
  );
  const authenticator = createAuthenticator(
    { issuers: trust.issuers.map(({ issuer }) => issuer), clockSkewMs: trust.clockSkewMs },
    { clock, metrics, keys, dataSources, replay },
  );
  const tls = closers.add(await startServerTls(config.grpc.tls, deps), close);
  const failures = closers.add(createFailureLimiter({}, deps), close);
  const layers = createCallLayers({
    authenticator,
    failures,
    checkClientName: createClientNameCheck(config.grpc.tls?.clientNames ?? []),
    logger,
    metrics,
    isDraining: () => lifecycle.state() === 'draining',
  });
  /** Ends what is open for those who would not be let in now. */
  const endUnwelcome = (): RevocationEffect => {
    const before = layers.streams.size();
    const conversations = directory.revoke((id) => !dataSources.isOpenTo(id));
    layers.streams.endUnwelcome(authenticator.isStillWelcome);
    return { conversations, streams: before - layers.streams.size() };
  };
  closers.add(
    await startOrganisations(trust.organisationsFile, {
      clock,
      logger,
      onChange(known) {
        dataSources.setKnownOrganisations(known);
        endUnwelcome();
      },
    }),
    close,
  );
  const server = closers.add(
    await startGrpcServer(
      {
        ...config.grpc.listen,
        credentials: tls.credentials,
        limits: config.grpc.limits,
      },
      [voiceVirtualAgent],
      { clock, layers },
    ),
    close,
  );
  const readiness = (): ReadinessReport => ({
    state: lifecycle.state(),
    ...toReadiness(keys, replay),
  });
  const admin = closers.add(
    await startAdmin(config.admin.listen, {
      registry: metrics.registry,
      logger,
      clock,
      readiness,
      serviceName: SERVICE_NAME,
      operations:
        config.admin.token === undefined
          ? undefined
          : {
              token: config.admin.token,
              revocations: {
                revoke(what) {
                  dataSources.revoke(what);
                  return endUnwelcome();
                },
                restore: dataSources.restore,
                revoked: dataSources.revoked,
              },
            },
    }),
    close,
  );

  const tellHealth = (): void => server.setHealth(isReady(readiness()) ? 'SERVING' : 'NOT_SERVING');
  lifecycle.onMove(tellHealth);
  await keys.start();
  lifecycle.moveTo('ready');
  closers.add(every(clock, HEALTH_INTERVAL_MS, tellHealth), close);
  logEvent(logger, 'gateway.ready', {
    grpcPort: server.port,
    adminPort: admin.port,
    reasonsAgainst: reasonsOf(readiness()),
  });

  const stop = async (): Promise<void> => {
    await closers.close();
    if (lifecycle.moveTo('stopped')) logEvent(logger, 'gateway.stopped');
  };
  return {
    grpcPort: server.port,
    adminPort: admin.port,
    readiness,
    async reloadAgents(changed) {
      agents = await loadAgents(changed, { ...deps, synthesiser, openRelay });
      catalogue = createAgentCatalogue(agents);
      logEvent(logger, 'bot.reloaded', { agents: agents.length });
    },
    async drain() {
      if (!lifecycle.moveTo('draining')) return;
      logEvent(logger, 'gateway.draining', { conversations: directory.size() });
      const { drainGraceMs, drainForceMs } = config.grpc.limits;
      const grace = clock.setTimer(drainGraceMs, directory.releaseListeners);
      await server.drain(drainForceMs);
      grace.cancel();
      await stop();
    },
    close: stop,
  };
}

const close = (started: { close(): void | Promise<void> }): void | Promise<void> => started.close();

function createVoice({ speech }: Config): SpeechSynthesiser {
  return createCachedSynthesiser(
    // Work takes the machine's time, however fast the gateway's clock runs.
    createFliteSynthesiser(
      { voice: speech.voice, workers: speech.workers },
      { clock: systemClock },
    ),
    { maxBytes: speech.cacheBytes },
  );
}

function toDataSource(source: DataSourceConfig): DataSource {
  return { ...source, organisations: toOrganisations(source.organisations) };
}

function toReadiness(
  keys: KeySource,
  { policy }: ReplayGuard,
): Pick<ReadinessReport, 'reasons' | 'notices'> {
  const issuers = keys.status();
  return {
    reasons: issuers.every((issuer) => issuer.keys === 0) ? ['keys-missing'] : [],
    notices: [
      ...(issuers.some((issuer) => issuer.keys === 0) ? ['keys-missing-for-some'] : []),
      ...(issuers.some(({ isStale }) => isStale) ? ['keys-stale'] : []),
      ...(policy === 'off' ? ['replay-off'] : []),
    ],
  };
}
