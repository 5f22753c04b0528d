import cluster, { type Worker } from 'node:cluster';

import { type Admin, startAdmin } from '../admin/start-admin.ts';
import { createDataSources } from '../auth/data-sources.ts';
import type { Config } from '../config/config.ts';
import { runInBackground } from '../core/background.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { STOP_SIGNALS } from '../core/stop-signals.ts';
import { toDataSources } from '../gateway/to-data-sources.ts';
import { createMemoryReplayStore } from '../stores/memory-replay-store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { ProcessLogger } from '../telemetry/logger.ts';
import { type Channel, createChannel } from './channel.ts';
import { createWorkerBoard } from './worker-board.ts';
import { openPrimaryConversations } from './primary-conversations.ts';
import { answerReplay } from './primary-replay-store.ts';

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

/** A worker that lived this long starts its successor at once. */
const LONG_LIFE_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;

/**
 * Runs `count` worker processes that share the port of calls, and answers no call itself: it deals out connections in turn,
 * owns the admin port and what workers must agree about, and replaces workers that die.
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
  let current = config;
  let isStopping = false;
  let hasBeenReady = false;
  let youngDeaths = 0;
  const channels = new Map<Worker, Channel>();
  const backoffs = new Set<{ cancel(): void }>();
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const revocations = createDataSources(toDataSources(config));
  const replay = createMemoryReplayStore({
    whenFull: config.trust.replay.onStoreFailure === 'local' ? 'forget' : 'refuse',
  });
  const conversations = openPrimaryConversations(config, deps);
  /** Which numbers workers have at the moment. */
  const seats: boolean[] = [];
  const onFault = (fault: unknown): void => logEvent(logger, 'process.fault', describeError(fault));
  const board = createWorkerBoard({
    channels: () => [...channels.values()],
    revocations,
    state: () => (isStopping ? 'draining' : hasBeenReady ? 'ready' : 'starting'),
  });

  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ serialization: 'advanced' });
  const fork = (): void => {
    const startedAtMs = clock.now();
    const worker = cluster.fork();
    const channel = createChannel({
      send: (message) => {
        if (worker.isConnected()) worker.send(message as object, () => undefined);
      },
      onMessage: (listener) => void worker.on('message', listener),
    });
    let isReady = false;
    channels.set(worker, channel);
    const seat = seats.indexOf(false) === -1 ? seats.push(true) - 1 : seats.indexOf(false);
    seats[seat] = true;
    const forget = conversations.answer(channel, worker.id);
    channel.answer('config', () => configOfWorker(current, seat));
    channel.answer('revoked', () => revocations.revoked());
    channel.answer('ready', () => {
      isReady = true;
      hasBeenReady = true;
      logEvent(logger, 'worker.started', { worker: worker.id, pid: worker.process.pid ?? 0 });
    });
    answerReplay(channel, replay);
    worker.on('error', onFault);
    worker.on('exit', (code, signal) => {
      channels.delete(worker);
      channel.close();
      seats[seat] = false;
      forget();
      runInBackground(() => board.retire(channel), onFault);
      if (!isStopping)
        logEvent(logger, 'worker.died', {
          worker: worker.id,
          ...(signal === null ? { code } : { signal }),
        });
      if (isStopping) {
        if (channels.size === 0) end(0);
        return;
      }
      if (!isReady && !hasBeenReady && code !== 0 && code !== null) {
        isStopping = true;
        for (const other of channels.keys()) other.process.kill('SIGKILL');
        end(code);
        return;
      }
      youngDeaths = clock.now() - startedAtMs < LONG_LIFE_MS ? youngDeaths + 1 : 0;
      // The first that dies young is replaced at once as well: it may have been killed by hand.
      const delayMs =
        youngDeaths <= 1 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (youngDeaths - 2), MAX_BACKOFF_MS);
      const timer = clock.setTimer(delayMs, () => {
        backoffs.delete(timer);
        if (!isStopping) fork();
      });
      backoffs.add(timer);
    });
  };
  const tell = (signal: string): void => {
    for (const channel of channels.values())
      runInBackground(async () => void (await channel.ask('signal', signal)), onFault);
  };
  const onStop = (exitCode: number): void => {
    if (isStopping) {
      for (const worker of channels.keys()) worker.process.kill('SIGKILL');
      end(exitCode);
      return;
    }
    isStopping = true;
    for (const timer of backoffs) timer.cancel();
    logEvent(logger, 'gateway.draining', { workers: channels.size });
    tell('SIGTERM');
    if (channels.size === 0) end(0);
  };
  const reload = (): void =>
    runInBackground(
      async () => {
        // Validated once, here: workers are given what was read.
        current = await source.load();
        logger.setLevel?.(current.log.level);
        tell('SIGHUP');
      },
      (error) => logEvent(logger, 'config.refused', describeError(error)),
    );
  const listeners: readonly (readonly [string, (...given: readonly unknown[]) => void])[] = [
    ...Object.entries(STOP_SIGNALS).map(([name, code]) => [name, () => onStop(code)] as const),
    ['SIGHUP', reload],
    ['uncaughtException', onFault],
    ['unhandledRejection', onFault],
  ];
  for (const [name, listener] of listeners) events.on(name, listener);
  const watch = source.watch(reload);
  let admin: Admin | undefined;
  try {
    admin = await startAdmin(
      { ...config.admin.listen, tls: config.admin.tls },
      { clock, logger, ...board.admin(config) },
    );
    for (let started = 0; started < count; started += 1) fork();
    const code = await ended;
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

/** Workers share the port of calls; where replicas reach them, each has a port of its own, one after the other. */
function configOfWorker(config: Config, seat: number): Config {
  const { peers } = config;
  if (peers === undefined || peers.listen.port === 0) return config;
  const { listen, advertise } = peers;
  const [, host = '', port = ''] = /^(.*):(\d+)$/u.exec(advertise ?? '') ?? [];
  return {
    ...config,
    peers: {
      ...peers,
      listen: { ...listen, port: listen.port + seat },
      advertise: advertise === undefined ? undefined : `${host}:${Number(port) + seat}`,
    },
  };
}
