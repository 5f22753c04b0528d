import { randomBytes } from 'node:crypto';

import type { Config } from '../config/config.ts';
import { runInBackground } from '../core/background.ts';
import type { Logger } from '../core/logger.ts';
import type { ReloadPlan } from '../gateway/plan-reload.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { CrewMember } from './worker-crew.ts';

/** What the configuration of all workers is kept with. */
export interface WorkerConfigsDeps {
  readonly logger: Logger;
  readonly workers: () => readonly CrewMember[];
  /** Reads the configuration anew. @throws {GatewayError} `ERR_CONFIG_INVALID`. */
  readonly load: () => Promise<Config>;
  /** Called when a changed configuration is in force. */
  readonly onChange: (config: Config) => void;
  /** Ends a worker that does not take what all others have. */
  readonly replace: (worker: number, reason: string) => void;
}

/** The one configuration of all workers. */
export interface WorkerConfigs {
  /** What a worker begins with. */
  give(member: CrewMember): Config;
  /** Has a worker that begins to answer calls catch up with what changed while it started. */
  welcome(): void;
  /** Reads the configuration anew, and has all workers take it over, or none. What is wrong is logged, and changes nothing. */
  reload(): void;
  forget(worker: number): void;
  /** How many answer calls by another configuration than the current one. */
  readonly outdated: () => number;
}

/** A bot may have something to connect to; calls go on meanwhile. */
const PREPARE_TIMEOUT_MS = 60_000;
const KEY_BYTES = 32;

/**
 * Keeps the workers' configuration. A changed one is prepared by every worker, which is all that can fail; when one refuses,
 * all drop it, otherwise all take it over. A worker that was starting meanwhile takes it over as soon as it has started, or
 * is replaced by one that begins with it.
 */
export function createWorkerConfigs(config: Config, deps: WorkerConfigsDeps): WorkerConfigs {
  const { logger, workers } = deps;
  let current = config;
  let version = 0;
  let attempts = 0;
  // Where the configuration has none: a call that moves is called the same by every worker.
  const pseudonymKey = randomBytes(KEY_BYTES).toString('hex');
  const configOf = (whole: Config, { seat }: Pick<CrewMember, 'seat'>): Config => {
    const { log } = whole;
    return withSeat(
      { ...whole, log: { ...log, pseudonymKey: log.pseudonymKey ?? pseudonymKey } },
      seat,
    );
  };
  /** Which version a worker has. */
  const given = new Map<number, number>();
  let running = false;
  const wanted = { reload: false, catchUp: false };

  const outdated = (): readonly CrewMember[] =>
    workers().filter((one) => one.isReady() && (given.get(one.worker) ?? version) !== version);
  const isThere = ({ worker }: CrewMember): boolean =>
    workers().some((one) => one.worker === worker);
  /** @returns Those who refuse; one that has ended meanwhile does not. */
  const prepare = async (
    those: readonly CrewMember[],
    attempt: number,
    changed: Config,
  ): Promise<readonly CrewMember[]> => {
    const answers = await Promise.allSettled(
      those.map((one) =>
        one.channel.ask('reload.prepare', [attempt, configOf(changed, one)], PREPARE_TIMEOUT_MS),
      ),
    );
    return those.filter((one, index) => answers[index]?.status === 'rejected' && isThere(one));
  };
  /** @returns What changed, as the last of them tells it. */
  const commit = async (
    those: readonly CrewMember[],
    attempt: number,
    to: number,
  ): Promise<ReloadPlan | undefined> => {
    let plan: ReloadPlan | undefined;
    const commits = those.map(async ({ channel, worker }) => {
      plan = (await channel.ask('reload.commit', attempt)) as ReloadPlan;
      given.set(worker, to);
    });
    await Promise.allSettled(commits);
    return plan;
  };
  const reloadAll = async (): Promise<void> => {
    const changed = await deps.load();
    const those = workers().filter((one) => one.isReady());
    attempts += 1;
    const attempt = attempts;
    const refusing = await prepare(those, attempt, changed);
    if (refusing.length > 0) {
      await Promise.allSettled(those.map(({ channel }) => channel.ask('reload.cancel', attempt)));
      // Each has logged why.
      logEvent(logger, 'config.refused', {
        error: 'not every worker can use it, so none does',
        workers: refusing.map(({ worker }) => worker),
      });
      return;
    }
    version += 1;
    current = changed;
    const plan = await commit(those, attempt, version);
    deps.onChange(changed);
    logEvent(logger, 'config.reloaded', { ...plan, workers: those.filter(isThere).length });
  };
  const catchUp = async (): Promise<void> => {
    for (const one of outdated()) {
      attempts += 1;
      const attempt = attempts;
      if ((await prepare([one], attempt, current)).length === 0)
        await commit([one], attempt, version);
      if (isThere(one) && given.get(one.worker) !== version) deps.replace(one.worker, 'outdated');
    }
  };
  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (wanted.reload || wanted.catchUp) {
      const isReload = wanted.reload;
      wanted.reload = false;
      // Those that were starting during a reload as well.
      wanted.catchUp = false;
      try {
        if (isReload) await reloadAll();
        await catchUp();
      } catch (error) {
        logEvent(logger, 'config.refused', describeError(error));
      }
    }
    running = false;
  };
  const start = (): void =>
    runInBackground(run, (error) => logEvent(logger, 'process.fault', describeError(error)));

  return {
    give(member) {
      given.set(member.worker, version);
      return configOf(current, member);
    },
    welcome() {
      wanted.catchUp = true;
      start();
    },
    reload() {
      wanted.reload = true;
      start();
    },
    forget: (worker) => void given.delete(worker),
    outdated: () => outdated().length,
  };
}

/** Workers share the port of calls; where replicas reach them, each has a port of its own, one after the other. */
function withSeat(config: Config, seat: number): Config {
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
