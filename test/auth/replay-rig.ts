import { createReplayGuard, type ReplayGuardOptions } from '../../src/auth/create-replay-guard.ts';
import type { LocalReplayStore, ReplayStore } from '../../src/auth/replay-store.ts';
import type { TokenGeneration } from '../../src/auth/replay-guard.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { createMemoryReplayStore } from '../../src/stores/memory-replay-store.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { NOW_MS } from '../contracts/replay-store.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

/** A guard on a clock that stands still, whose word is `admitted` or an error code. */
export function createReplayRig(
  options: Partial<ReplayGuardOptions> = {},
  parts: {
    readonly clock?: FakeClock;
    readonly memory?: LocalReplayStore;
    readonly metrics?: Metrics;
    readonly shared?: ReplayStore;
    readonly isRegisteredTokenId?: (identity: string, tokenId: string) => boolean;
  } = {},
) {
  const {
    clock = createFakeClock(NOW_MS),
    memory = createMemoryReplayStore({ maxIdentities: 100 }),
    metrics = createMetrics(),
  } = parts;
  const log = createLogRecorder();
  const guard = createReplayGuard(
    { policy: 'rotation', onStoreFailure: 'local', ...options },
    { ...parts, clock, memory, metrics, logger: log.logger },
  );
  return {
    guard,
    clock,
    metrics,
    log,
    admit: async (generation: TokenGeneration): Promise<string> => {
      try {
        await guard.admit(generation);
        return 'admitted';
      } catch (error) {
        if (isGatewayError(error)) return error.code;
        throw error;
      }
    },
    /** The value of a series without labels. */
    valueOf: async (
      name: 'replayForgotten' | 'replayStoreFailures' | 'replayStoreDegraded',
    ): Promise<number | undefined> => (await metrics[name].get()).values[0]?.value,
  };
}
