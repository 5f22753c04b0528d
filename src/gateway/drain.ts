import type { Config } from '../config/config.ts';
import type { ConversationDirectory } from '../conversation/directory.ts';
import type { Clock } from '../core/clock.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { GrpcServer } from '../transport/grpc-server.ts';
import type { OpenConversations } from './open-conversations.ts';

/** What is drained. */
export interface DrainDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly directory: Pick<ConversationDirectory, 'size' | 'releaseListeners'>;
  readonly server: Pick<GrpcServer, 'drain'>;
  /** `undefined`: no other process takes calls over. */
  readonly conversations: OpenConversations | undefined;
  /** Stops what is left. */
  readonly stop: () => Promise<void>;
}

/** Makes the drain of a gateway: it happens once, and everybody who asks for it waits for the same. */
export function createDrain(
  { drainGraceMs, drainForceMs }: Config['grpc']['limits'],
  deps: DrainDeps,
): () => Promise<void> {
  const { clock, logger, lifecycle, directory, server, conversations } = deps;
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    if (!lifecycle.moveTo('draining')) return;
    logEvent(logger, 'gateway.draining', { conversations: directory.size() });
    const grace = clock.setTimer(drainGraceMs, () => {
      directory.releaseListeners();
      conversations?.releaseListeners();
    });
    await Promise.all([server.drain(drainForceMs), conversations?.drain(drainForceMs)]);
    grace.cancel();
    await deps.stop();
  };
  return () => (draining ??= drain());
}
