import { runInBackground } from '../../core/background.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Logger } from '../../core/logger.ts';
import { logEvent } from '../../telemetry/log-events.ts';
import type { StartQueue } from './start-queue.ts';
import type { WorkerLink } from './worker-link.ts';

/** A worker that lived so long has earned an immediate restart. */
const STABLE_MS = 60_000;
const MAX_PAUSE_MS = 30_000;

/** The place of one worker: when one is lost, the next takes its place. */
export interface WorkerSlot {
  /** The first worker. */
  readonly first: WorkerLink;
  /**
   * The worker of now; one that is being started is waited for.
   *
   * @throws {GatewayError} `ERR_HANDLER_UNAVAILABLE` in the pause before a restart, until it is its turn, and after `close`.
   */
  link(): WorkerLink | Promise<WorkerLink>;
  close(): Promise<void>;
}

/** What a slot is kept with. */
export interface WorkerSlotDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The bot in log lines. */
  readonly bot: string;
  readonly restartAfterMs: number;
  /** Where restarts wait for each other. */
  readonly queue: StartQueue;
  /** Starts a worker; `onLost` is called once when it is gone. */
  readonly start: (onLost: () => void) => Promise<WorkerLink>;
}

/**
 * Starts the first worker and replaces each that is lost: the first time at once, and then after pauses that double up to 30
 * seconds, until one has lived for a minute. Each restart waits for its turn in the queue.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when the first does not start.
 */
export async function startWorkerSlot(deps: WorkerSlotDeps): Promise<WorkerSlot> {
  const { clock, logger, restartAfterMs } = deps;
  let current: WorkerLink | Promise<WorkerLink> | undefined;
  let restarts = 0;
  let startedAtMs = clock.now();
  let pause: Timer | undefined;
  let isClosed = false;

  const begin = async (): Promise<WorkerLink> => {
    startedAtMs = clock.now();
    const link = await deps.start(onLost);
    if (isClosed) {
      await link.close();
      throw unavailable();
    }
    current = link;
    return link;
  };
  const restart = (): void =>
    runInBackground(
      async () => {
        const link = await deps.queue.enter(
          () => {
            const starting = begin();
            current = starting;
            return starting;
          },
          () => isClosed,
        );
        if (link !== undefined) logEvent(logger, 'bot.worker.started', { bot: deps.bot, restarts });
      },
      // Logged by who waits for it; here it is a reason for the next try.
      onLost,
    );
  const onLost = (): void => {
    current = undefined;
    if (isClosed) return;
    if (clock.now() - startedAtMs >= STABLE_MS) restarts = 0;
    restarts += 1;
    if (restarts === 1) return restart();
    const pauseMs = Math.min(restartAfterMs * 2 ** (restarts - 2), MAX_PAUSE_MS);
    pause = clock.setTimer(pauseMs, restart);
    return undefined;
  };

  const first = await begin();
  return {
    first,
    link() {
      if (current === undefined) throw unavailable();
      return current;
    },
    async close() {
      isClosed = true;
      pause?.cancel();
      const last = current;
      current = undefined;
      // One that was being started closes itself, and then has failed to start.
      if (last instanceof Promise) await last.catch(() => undefined);
      else await last?.close();
    },
  };
}

function unavailable(): GatewayError {
  return new GatewayError('ERR_HANDLER_UNAVAILABLE', 'the bot has no worker at present');
}
