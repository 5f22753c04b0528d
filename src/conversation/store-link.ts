import { type Clock, every } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ConversationStore } from './conversation-store.ts';

/** What a link works with. */
export interface StoreLinkDeps {
  readonly store: Pick<ConversationStore, 'beat' | 'close'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'conversationStoreFailures' | 'conversationStoreDegraded'>;
  /** The store answers again; it may have lost its memory. */
  readonly onRecovered: () => void;
}

/** A process's line to the store: shows that it is alive, and knows whether the store is. */
export interface StoreLink {
  /** Tells the store something in the background; what goes wrong is counted. */
  tell(task: () => Promise<void>): Promise<void>;
  /** The store did not answer. Said once an outage. */
  failed(error: unknown): void;
  readonly isAway: () => boolean;
  /** Waits for what the store is being told, for at most two seconds, and closes it. */
  close(): Promise<void>;
}

const BEAT_MS = 1_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** Starts the heartbeat. */
export function startStoreLink(deps: StoreLinkDeps): StoreLink {
  const { store, clock, logger, metrics } = deps;
  const underWay = new Set<Promise<void>>();
  let isAway = false;
  let memory: string | undefined;

  const failed = (error: unknown): void => {
    metrics.conversationStoreFailures.inc();
    if (isAway) return;
    isAway = true;
    metrics.conversationStoreDegraded.set(1);
    logEvent(logger, 'conversation.store.degraded', describeError(error));
  };
  const tell = (task: () => Promise<void>): Promise<void> => {
    const run = async (): Promise<void> => {
      try {
        await task();
      } catch (error) {
        failed(error);
      } finally {
        underWay.delete(running);
      }
    };
    // Not in this turn of the loop, so that it is known before it is done.
    const running = Promise.resolve().then(run);
    underWay.add(running);
    return running;
  };
  let isBeating = false;
  const beat = async (): Promise<void> => {
    if (isBeating) return;
    isBeating = true;
    try {
      const known = memory;
      memory = await store.beat();
      const wasAway = isAway;
      isAway = false;
      if (wasAway) {
        metrics.conversationStoreDegraded.set(0);
        logEvent(logger, 'conversation.store.recovered');
      }
      if (wasAway || (known !== undefined && memory !== known)) deps.onRecovered();
    } catch (error) {
      failed(error);
    } finally {
      isBeating = false;
    }
  };
  void beat();
  const timer = every(clock, BEAT_MS, () => void beat());
  return {
    tell,
    failed,
    isAway: () => isAway,
    async close() {
      timer.close();
      let giveUp = { cancel: (): void => undefined };
      const timedOut = new Promise<void>((resolve) => {
        giveUp = clock.setTimer(CLOSE_TIMEOUT_MS, resolve);
      });
      const told = async (): Promise<void> => {
        while (underWay.size > 0) await Promise.all(underWay);
      };
      await Promise.race([told(), timedOut]);
      giveUp.cancel();
      await store.close();
    },
  };
}
