import cluster, { type Worker } from 'node:cluster';

import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import { type Channel, createChannel } from './channel.ts';

/** A worker process, as the primary knows it. */
export interface CrewMember {
  /** A number that no other worker has had. */
  readonly worker: number;
  /** The lowest number that no other worker has at the moment, from 0. */
  readonly seat: number;
  readonly channel: Channel;
  readonly isReady: () => boolean;
}

/** The worker processes of a primary. */
export interface WorkerCrew {
  readonly members: () => readonly CrewMember[];
  readonly hasBeenReady: () => boolean;
  /** Ends a worker that is of no use any more; it is replaced like one that died. @param reason Stands in the log. */
  replace(worker: number, reason: string): void;
  /** Replaces nobody from now on, and ends those that are left when `isAtOnce`; others end by themselves. */
  stop(isAtOnce: boolean): void;
  /** Resolves when the last worker has ended after a stop: with 0, or the exit code of the first one that could not start. */
  readonly ended: Promise<number>;
}

/** What a crew works with. */
export interface CrewDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Before a worker does anything: answer what it asks. @returns What to do when it has ended. */
  readonly onStart: (member: CrewMember) => () => void;
  /** When it answers calls. */
  readonly onReady: (member: CrewMember) => void;
}

/** A worker that lived this long starts its successor at once. */
const LONG_LIFE_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;

/** Starts `count` workers, to which connections are dealt out in turn, and replaces those that die. */
export function startCrew(count: number, deps: CrewDeps): WorkerCrew {
  const { clock, logger } = deps;
  let isStopping = false;
  let hasBeenReady = false;
  let youngDeaths = 0;
  const crew = new Map<Worker, CrewMember>();
  const reasons = new Map<number, string>();
  const backoffs = new Set<{ cancel(): void }>();
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const kill = (): void => {
    for (const worker of crew.keys()) worker.process.kill('SIGKILL');
  };
  const stop = (isAtOnce: boolean): void => {
    isStopping = true;
    for (const timer of backoffs) timer.cancel();
    if (isAtOnce) kill();
    if (crew.size === 0) end(0);
  };
  const startAfter = (delayMs: number): void => {
    const timer = clock.setTimer(delayMs, () => {
      backoffs.delete(timer);
      if (!isStopping) start();
    });
    backoffs.add(timer);
  };
  /** The first that dies young is replaced at once as well: it may have been killed by hand. */
  const replaceAfter = (livedMs: number): void => {
    youngDeaths = livedMs < LONG_LIFE_MS ? youngDeaths + 1 : 0;
    startAfter(
      youngDeaths <= 1 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (youngDeaths - 2), MAX_BACKOFF_MS),
    );
  };

  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ serialization: 'advanced' });
  const start = (): void => {
    const startedAtMs = clock.now();
    const worker = cluster.fork();
    const channel = createChannel({
      send: (message) => {
        if (worker.isConnected()) worker.send(message as object, () => undefined);
      },
      onMessage: (listener) => void worker.on('message', listener),
    });
    let isReady = false;
    const seats = new Set([...crew.values()].map(({ seat }) => seat));
    let seat = 0;
    while (seats.has(seat)) seat += 1;
    const member: CrewMember = { worker: worker.id, seat, channel, isReady: () => isReady };
    crew.set(worker, member);
    const forget = deps.onStart(member);
    channel.answer('ready', () => {
      isReady = true;
      hasBeenReady = true;
      logEvent(logger, 'worker.started', { worker: worker.id, pid: worker.process.pid ?? 0 });
      deps.onReady(member);
    });
    worker.on('error', (fault) => logEvent(logger, 'process.fault', describeError(fault)));
    worker.on('exit', (code, signal) => {
      crew.delete(worker);
      channel.close();
      forget();
      const reason = reasons.get(worker.id);
      reasons.delete(worker.id);
      if (isStopping) {
        if (crew.size === 0) end(0);
        return;
      }
      logEvent(logger, 'worker.died', {
        worker: worker.id,
        ...(signal === null ? { code } : { signal }),
        ...(reason !== undefined && { reason }),
      });
      if (hasBeenReady || code === 0 || code === null)
        return replaceAfter(clock.now() - startedAtMs);
      isStopping = true;
      kill();
      end(code);
    });
  };
  for (let started = 0; started < count; started += 1) start();

  return {
    members: () => [...crew.values()],
    hasBeenReady: () => hasBeenReady,
    replace(number, reason) {
      for (const worker of crew.keys())
        if (worker.id === number) {
          reasons.set(number, reason);
          worker.process.kill('SIGKILL');
        }
    },
    stop,
    ended,
  };
}
