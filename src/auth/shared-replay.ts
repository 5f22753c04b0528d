import { runInBackground } from '../core/background.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { TokenGeneration } from './replay-guard.ts';
import type { LocalReplayStore, ReplayStore, RotationAnswer, UseAnswer } from './replay-store.ts';

/** How often a store that failed is tried again. */
const PROBE_INTERVAL_MS = 500;

/** What {@link createSharedReplay} needs. */
export interface SharedReplayDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'replayStoreFailures' | 'replayStoreDegraded'>;
  readonly memory: LocalReplayStore;
  readonly shared: ReplayStore;
}

/** Decides with a store that replicas share, and with the memory of this process. */
export interface SharedReplay {
  rotate(
    generation: TokenGeneration,
    overlapMs: number | undefined,
  ): RotationAnswer | Promise<RotationAnswer>;
  useOnce(generation: TokenGeneration): UseAnswer | Promise<UseAnswer>;
  /** Stops trying a store that failed; closes no store. */
  close(): void;
}

/**
 * Joins a shared store and the memory of this process: a token has to be good for both.
 *
 * Each tells the other what it knows: the memory learns what other replicas have retired, and a store that came back empty
 * learns it again from the first who ask. When the store fails, `local` decides by the memory alone, at once, until the store
 * answers a probe; `refuse` passes the failure on, and goes on asking. Either way the first failure raises the gauge and is
 * logged, and so is the recovery, which needs no traffic and no restart.
 */
export function createSharedReplay(
  onStoreFailure: 'local' | 'refuse',
  { clock, logger, metrics, memory, shared }: SharedReplayDeps,
): SharedReplay {
  let isDown = false;
  let probe: Timer | undefined;
  let isClosed = false;

  const fail = (error: unknown): void => {
    metrics.replayStoreFailures.inc();
    if (isDown) return;
    isDown = true;
    metrics.replayStoreDegraded.set(1);
    logEvent(logger, 'auth.replay.degraded', { onStoreFailure, ...describeError(error) });
    scheduleProbe();
  };
  const recover = (): void => {
    isDown = false;
    metrics.replayStoreDegraded.set(0);
    logEvent(logger, 'auth.replay.recovered', {});
  };
  const scheduleProbe = (): void => {
    if (isClosed) return;
    probe = clock.setTimer(PROBE_INTERVAL_MS, () =>
      runInBackground(async () => {
        await shared.check();
        recover();
      }, scheduleProbe),
    );
  };

  const decide = <A extends RotationAnswer | UseAnswer>(
    askShared: () => A | PromiseLike<A>,
    askMemory: (shared: A | undefined) => A,
  ): A | Promise<A> => {
    if (isDown && onStoreFailure === 'local') return askMemory(undefined);
    const askBoth = async (): Promise<A> => {
      let answer: A;
      try {
        answer = await askShared();
      } catch (error) {
        if (!isGatewayError(error, 'ERR_AUTH_REPLAY_STORE_UNAVAILABLE')) throw error;
        fail(error);
        if (onStoreFailure === 'refuse') throw error;
        return askMemory(undefined);
      }
      const own = askMemory(answer);
      const forgotten = answer.forgotten + own.forgotten;
      return { ...(isRefusal(own) && !isRefusal(answer) ? own : answer), forgotten };
    };
    return askBoth();
  };

  return {
    rotate: (generation, overlapMs) =>
      decide<RotationAnswer>(
        () => {
          const nowMs = clock.now();
          const known = memory.recall(generation.identity, nowMs);
          return shared.rotate(generation, { nowMs, overlapMs, known });
        },
        (answer) =>
          memory.rotate(generation, { nowMs: clock.now(), overlapMs, known: answer?.record }),
      ),
    useOnce: (generation) =>
      decide<UseAnswer>(
        () => shared.useOnce(generation, clock.now()),
        () => memory.useOnce(generation, clock.now()),
      ),
    close() {
      isClosed = true;
      probe?.cancel();
    },
  };
}

function isRefusal({ decision }: RotationAnswer | UseAnswer): boolean {
  return decision === 'superseded' || decision === 'token-id-reused';
}
