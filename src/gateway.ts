import type { RevocationEffect } from './admin/operations-routes.ts';
import { startAdmin } from './admin/start-admin.ts';
import { type ReadinessReport, isReady, reasonsOf } from './admin/readiness.ts';
import type { Config } from './config/config.ts';
import { startOrganisations } from './config/watch-organisations.ts';
import { createPressure } from './conversation/admission-pressure.ts';
import { type AdmissionLimits, createAdmission } from './conversation/admission.ts';
import { type Agent, createAgentCatalogue } from './conversation/agent.ts';
import { createConversationDirectory } from './conversation/directory.ts';
import { runInBackground } from './core/background.ts';
import { every, systemClock } from './core/clock.ts';
import { type Closers, close, createClosers } from './core/closers.ts';
import { createLifecycle } from './core/lifecycle.ts';
import { type OpenRelay, loadAgents } from './gateway/load-agents.ts';
import { countDependencies } from './gateway/count-dependencies.ts';
import { createDrain } from './gateway/drain.ts';
import type { GatewayDeps } from './gateway/gateway-deps.ts';
import { observeCalls } from './gateway/observe-calls.ts';
import { openAuth } from './gateway/open-auth.ts';
import { type OpenConversations, openConversations } from './gateway/open-conversations.ts';
import { openDashboard } from './gateway/open-dashboard.ts';
import { loadSoundEngines } from './gateway/open-ears.ts';
import { openRecorder } from './gateway/open-recorder.ts';
import { type OpenLog, openLog } from './gateway/open-log.ts';
import { openOperations } from './gateway/open-operations.ts';
import { openVoice } from './gateway/open-voice.ts';
import { type PreparedReload, type ReloadPlan, planReload } from './gateway/plan-reload.ts';
import { closeAgents, createRetiredAgents } from './gateway/retire-agents.ts';
import { toDataSources } from './gateway/to-data-sources.ts';
import { toReadiness } from './gateway/to-readiness.ts';
import { wireReadings } from './gateway/wire-readings.ts';
import type { ProtocolService } from './protocols/rpc.ts';
import { createVoiceVirtualAgentService } from './protocols/voice-virtual-agent/service.ts';
import type { Sharing } from './protocols/voice-virtual-agent/share-conversations.ts';
import { describeError } from './telemetry/describe-error.ts';
import { logEvent } from './telemetry/log-events.ts';
import { addProcessMetrics, createMetrics } from './telemetry/metrics.ts';
import { startProcessLoad } from './telemetry/process-load.ts';
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

/** A running gateway. */
export interface Gateway {
  readonly grpcPort: number;
  readonly adminPort: number;
  readonly readiness: () => ReadinessReport;
  /** Loads the agents of a new configuration; calls under way keep the bot they began with. */
  reloadAgents(config: Config): Promise<void>;
  /**
   * Takes over what can be taken over while calls go on: agents, data sources, limits of calls, the log's level. All or
   * nothing.
   *
   * @throws {GatewayError} `ERR_HANDLER_LOAD` when a bot cannot be loaded.
   */
  reload(config: Config): Promise<ReloadPlan>;
  /**
   * Does of {@link Gateway.reload} all that can fail, and changes nothing yet.
   *
   * @throws {GatewayError} `ERR_HANDLER_LOAD` when a bot cannot be loaded.
   */
  prepareReload(config: Config): Promise<PreparedReload>;
  /** Resolves when draining begins, whoever asked for it: an operator may on the admin port. */
  readonly stopAsked: Promise<void>;
  /** Refuses new RPCs, lets open ones finish within the configured time, then stops; the same promise however often. */
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
    return await start(config, { ...deps, ...openLog(config.log, deps) }, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(
  config: Config,
  deps: GatewayDeps & OpenLog,
  closers: Closers,
): Promise<Gateway> {
  const { clock, logger } = deps;
  const lifecycle = createLifecycle();
  const metrics = createMetrics();
  addProcessMetrics(metrics.registry);

  const synthesiser = deps.synthesiser ?? closers.add(openVoice(config), close);
  const recorder = openRecorder(config, { ...deps, synthesiser }, closers);
  const engines = await loadSoundEngines(
    config.conversation.maxConversations,
    metrics.sound,
    recorder?.tapEar,
  );

  const openRelay: OpenRelay = async ({ upstream, ...relay }) => ({
    ...relay,
    client: closers.add(await createRelayClient(upstream, deps), close),
  });
  const load = async (wanted: Config): Promise<readonly Agent[]> => {
    const loaded = await loadAgents(wanted, { ...deps, synthesiser, openRelay });
    if (recorder === undefined) return loaded;
    return loaded.map((agent) => recorder.tapAgent(agent, engines.openConverter));
  };
  let agents = await load(config);
  closers.add(agents, () => closeAgents(agents, logger));
  let catalogue = createAgentCatalogue(agents);
  const calls = observeCalls(config, { ...deps, metrics }, recorder);
  const { observe } = calls;
  const processLoad = closers.add(startProcessLoad(systemClock), close);
  const admission = createAdmission(config.conversation, {
    metrics,
    pressure: createPressure(config.conversation.shedding, processLoad),
  });
  let conversations: OpenConversations | undefined;
  const directory = closers.add(
    createConversationDirectory(config.conversation, {
      admission,
      observe(conversation, moment) {
        observe(conversation, moment);
        conversations?.observe(conversation, moment);
      },
      clock,
      logger,
      metrics,
      catalogue: () => catalogue,
    }),
    close,
  );
  const retired = closers.add(createRetiredAgents({ ...deps, isInUse: directory.isInUse }), close);
  const turns = {
    clock,
    logger,
    metrics,
    directory,
    synthesiser,
    ...engines,
    observe,
    traceHeaders: calls.tracer.headersOf,
    endConversation: directory.end,
    requireOrganisation: config.trust.requireCustomerOrgId,
  };
  const serve = (sharing: Sharing | undefined): ProtocolService =>
    createVoiceVirtualAgentService({
      catalogue: () => catalogue,
      tap: recorder?.tapTurn,
      sharing,
      turns,
    });
  const auth = openAuth(config, { ...deps, metrics }, closers);
  const { keys, dataSources, replayMemory, replay, authenticator } = auth;
  const tls = closers.add(await startServerTls(config.grpc.tls, deps), close);
  const failures = closers.add(createFailureLimiter({}, deps), close);
  conversations = await openConversations(
    config,
    { clock, logger, metrics, directory, auth, failures, lent: deps.sharedConversations, serve },
    closers,
  );
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
    const revoked = directory.revoke((id) => !dataSources.isOpenTo(id));
    layers.streams.endUnwelcome(authenticator.isStillWelcome);
    conversations?.endUnwelcome();
    return { conversations: revoked, streams: before - layers.streams.size() };
  };
  closers.add(
    await startOrganisations(config.trust.organisationsFile, {
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
      [serve(conversations?.sharing)],
      { clock, layers },
    ),
    close,
  );
  wireReadings(metrics.readings, {
    clock,
    agents: () => agents,
    directory,
    ...auth,
    tls,
    load: processLoad,
    streams: layers.streams,
    connections: server.connections,
    synthesiser,
    logQueue: deps.logQueue,
  });
  let admissionLimits: AdmissionLimits = config.conversation;
  const readiness = (): ReadinessReport => ({
    state: lifecycle.state(),
    ...toReadiness(keys, replay, admission),
  });
  const stopAsked = new Promise<void>((resolve) => {
    lifecycle.onMove((state) => (state === 'draining' ? resolve() : undefined));
  });
  const admin = closers.add(
    await (deps.openAdmin ?? startAdmin)(
      { ...config.admin.listen, tls: config.admin.tls },
      {
        registry: metrics.registry,
        logger,
        clock,
        readiness,
        logLevels: deps.levels,
        dependencies: () => countDependencies(keys, agents),
        serviceName: SERVICE_NAME,
        dashboard: openDashboard(config, {
          clock,
          calls: calls.watch,
          counters: metrics,
          logLevels: deps.levels,
          agents: () => agents,
          conversations: directory.size,
          connections: server.connections,
          load: processLoad,
          admissionLimits: () => admissionLimits,
          keys,
          replay,
          replayMemory,
          drain: () =>
            runInBackground(drain, (error) =>
              logEvent(logger, 'admin.failed', describeError(error)),
            ),
        }),
        operations: openOperations(config.admin.token, dataSources, endUnwelcome),
      },
    ),
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
  const drained = { clock, logger, lifecycle, directory, server, conversations, stop };
  const drain = createDrain(config.grpc.limits, drained);
  const replaceAgents = (loaded: readonly Agent[]): void => {
    retired.add(agents);
    agents = loaded;
    catalogue = createAgentCatalogue(agents);
    logEvent(logger, 'bot.reloaded', { agents: agents.length });
  };
  const prepareReload: Gateway['prepareReload'] = async (changed) => {
    const loaded = await load(changed);
    return {
      commit() {
        const plan = planReload(config, changed);
        replaceAgents(loaded);
        dataSources.replace(toDataSources(changed));
        endUnwelcome();
        admissionLimits = changed.conversation;
        admission.setLimits(admissionLimits);
        deps.setLogLevel(changed.log.level);
        return plan;
      },
      cancel: () => closeAgents(loaded, logger),
    };
  };
  return {
    grpcPort: server.port,
    adminPort: admin.port,
    readiness,
    reloadAgents: async (changed) => replaceAgents(await load(changed)),
    prepareReload,
    reload: async (changed) => (await prepareReload(changed)).commit(),
    stopAsked,
    drain,
    close: stop,
  };
}
