import { type Authenticator, createAuthenticator } from '../auth/authenticate.ts';
import { createReplayGuard } from '../auth/create-replay-guard.ts';
import { type DataSources, createDataSources } from '../auth/data-sources.ts';
import { createIssuerKeys } from '../auth/issuer-keys.ts';
import type { KeySource } from '../auth/key-source.ts';
import type { ReplayGuard } from '../auth/replay-guard.ts';
import type { LocalReplayStore, ReplayStore } from '../auth/replay-store.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { type Closers, close } from '../core/closers.ts';
import type { Logger } from '../core/logger.ts';
import { createMemoryReplayStore } from '../stores/memory-replay-store.ts';
import { createRedisReplayStore } from '../stores/redis-replay-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { toDataSources } from './to-data-sources.ts';

/** What decides who may call. */
export interface OpenAuth {
  /** Nothing is fetched before they are started. */
  readonly keys: KeySource;
  readonly dataSources: DataSources;
  readonly replayMemory: LocalReplayStore;
  readonly replay: ReplayGuard;
  readonly authenticator: Authenticator;
}

/** Puts the door together: keys, data sources, what tokens were seen, and who asks all of them. */
export function openAuth(
  config: Config,
  deps: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly fetch: typeof fetch;
    readonly metrics: Metrics;
    /** What stands in for a Redis that the configuration does not name. */
    readonly sharedReplay?: ReplayStore;
  },
  closers: Closers,
): OpenAuth {
  const { clock, logger, metrics } = deps;
  const { trust } = config;
  const keys = closers.add(
    createIssuerKeys({ issuers: trust.issuers, ...trust.keys }, deps),
    close,
  );
  const dataSources = createDataSources(toDataSources(config));
  const replayMemory = createMemoryReplayStore({
    whenFull: trust.replay.onStoreFailure === 'local' ? 'forget' : 'refuse',
  });
  const replay = closers.add(
    createReplayGuard(trust.replay, {
      clock,
      logger,
      metrics,
      memory: replayMemory,
      shared: trust.replay.redis ? createRedisReplayStore(trust.replay.redis) : deps.sharedReplay,
    }),
    close,
  );
  const authenticator = createAuthenticator(
    { issuers: trust.issuers.map(({ issuer }) => issuer), clockSkewMs: trust.clockSkewMs },
    { clock, metrics, keys, dataSources, replay },
  );
  return { keys, dataSources, replayMemory, replay, authenticator };
}
