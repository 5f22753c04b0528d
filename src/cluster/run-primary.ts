import { type Admin, startAdmin } from '../admin/start-admin.ts';
import { createDataSources } from '../auth/data-sources.ts';
import type { Config } from '../config/config.ts';
import { runInBackground } from '../core/background.ts';
import type { Clock } from '../core/clock.ts';
import type { LifecycleState } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { STOP_SIGNALS } from '../core/stop-signals.ts';
import { toDataSources } from '../gateway/to-data-sources.ts';
import { createMemoryReplayStore } from '../stores/memory-replay-store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { ProcessLogger } from '../telemetry/logger.ts';
import { askWorkers } from './ask-workers.ts';
import { openPrimaryConversations } from './primary-conversations.ts';
import { answerReplay } from './primary-replay-store.ts';
import { createWorkerBoard } from './worker-board.ts';
import { createWorkerConfigs } from './worker-configs.ts';
import { type CrewMember, type WorkerCrew, startCrew } from './worker-crew.ts';
import { createWorkerDashboards } from './worker-dashboards.ts';
import { createWorkerMetrics } from './worker-metrics.ts';
import { createWorkerOperations } from './worker-operations.ts';

/** What the primary of several workers works with. */
export interface PrimaryDeps {
  readonly clock: Clock;
  readonly logger: Logger & Partial<Pick<ProcessLogger, 'setLevel'>>;
  readonly events: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  readonly source: {
    /** @throws {GatewayError} `ERR_CONFIG_INVALID`. */
    load(): Promise<Config>;
    watch(onChange: () => void): { readonly close: () => void };
  };
}

/**
 * Runs `count` worker processes that share the port of calls, and answers no call itself: it deals out connections in turn,
 * owns the admin port and what workers must agree about, and replaces workers that die or hang.
 *
 * @returns The exit code: 0 after all have drained; that of the first worker that could not start, such as 78; 128 and the
 *   number of the signal when a second one cut the drain short.
 * @throws {Error} Of the system, when the admin port cannot be listened on.
 */
export async function runPrimary(
  count: number,
  config: Config,
  deps: PrimaryDeps,
): Promise<number> {
  const { clock, logger, events, source } = deps;
  let crew: WorkerCrew | undefined;
  let isDraining = false;
  const workers = (): readonly CrewMember[] => crew?.members() ?? [];
  const state = (): LifecycleState => {
    if (isDraining) return 'draining';
    return crew?.hasBeenReady() === true ? 'ready' : 'starting';
  };
  const onFault = (fault: unknown): void => logEvent(logger, 'process.fault', describeError(fault));
  const replace = (worker: number, reason: string): void => crew?.replace(worker, reason);

  const revocations = createDataSources(toDataSources(config));
  const replay = createMemoryReplayStore({
    whenFull: config.trust.replay.onStoreFailure === 'local' ? 'forget' : 'refuse',
  });
  const conversations = openPrimaryConversations(config, deps);
  const configs = createWorkerConfigs(config, {
    logger,
    workers,
    load: source.load,
    onChange: ({ log }) => logger.setLevel?.(log.level),
    replace,
  });
  const board = createWorkerBoard({
    clock,
    workers,
    state,
    outdated: configs.outdated,
    onHung: (worker) => replace(worker, 'silent'),
  });
  const metrics = createWorkerMetrics(workers);
  const drain = (): void => {
    if (isDraining) return;
    isDraining = true;
    logEvent(logger, 'gateway.draining', { workers: workers().length });
    runInBackground(async () => void (await askWorkers(workers(), 'drain')), onFault);
    crew?.stop(false);
  };
  const dashboards = createWorkerDashboards({ clock, workers, totals: board.totals, drain });
  const start = (admin: Admin): WorkerCrew =>
    startCrew(count, {
      clock,
      logger,
      onStart(member) {
        const { channel, worker } = member;
        const forget = conversations.answer(channel, worker);
        channel.answer('config', () => configs.give(member));
        channel.answer('admin-port', () => admin.port);
        channel.answer('revoked', () => revocations.revoked());
        channel.answer('welcome', () => dashboards.welcome(member));
        answerReplay(channel, replay);
        return () => {
          forget();
          configs.forget(worker);
          board.retire(worker);
          runInBackground(() => metrics.retire(worker), onFault);
        };
      },
      onReady(member) {
        board.ask(member);
        configs.welcome();
      },
    });

  let insist: (code: number) => void = () => undefined;
  const insisted = new Promise<number>((resolve) => {
    insist = resolve;
  });
  let isTold = false;
  const onStop = (exitCode: number): void => {
    drain();
    // An operator may have begun the drain on the page: a signal cuts it short only when another one came before.
    if (isTold) {
      crew?.stop(true);
      insist(exitCode);
    }
    isTold = true;
  };
  const listeners: readonly (readonly [string, (...given: readonly unknown[]) => void])[] = [
    ...Object.entries(STOP_SIGNALS).map(([name, code]) => [name, () => onStop(code)] as const),
    ['SIGHUP', configs.reload],
    ['uncaughtException', onFault],
    ['unhandledRejection', onFault],
  ];
  for (const [name, listener] of listeners) events.on(name, listener);
  const watch = source.watch(configs.reload);
  let admin: Admin | undefined;
  try {
    admin = await startAdmin(
      { ...config.admin.listen, tls: config.admin.tls },
      {
        clock,
        logger,
        registry: metrics.registry,
        readiness: board.readiness,
        dependencies: board.dependencies,
        dashboard: dashboards.source,
        operations: createWorkerOperations(config.admin.token, workers, revocations),
      },
    );
    // Told to stop before there was anybody to tell.
    if (isDraining) return 0;
    crew = start(admin);
    const code = await Promise.race([crew.ended, insisted]);
    if (code === 0) logEvent(logger, 'gateway.stopped');
    return code;
  } finally {
    watch.close();
    for (const [name, listener] of listeners) events.off(name, listener);
    board.close();
    conversations.close();
    await Promise.all([admin?.close(), replay.close()]);
  }
}
