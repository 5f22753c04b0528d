import { LRUCache } from 'lru-cache';

import type { Clock, Timer } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { logEvent } from '../telemetry/log-events.ts';
import { networkOf } from './peer-network.ts';

/** How many failures are answered one by one. */
export interface FailureLimits {
  /** Failures that one network may have at once. Default 20: a misconfigured flow shows itself in a few calls. */
  readonly burst?: number;
  /** Milliseconds after which a network may fail once more. Default 3,000. */
  readonly refillMs?: number;
  /** The same for all networks together, so that many addresses do not flood the log. Default 200. */
  readonly totalBurst?: number;
  /** Default 100. */
  readonly totalRefillMs?: number;
  /** Networks remembered; the one that failed least recently is forgotten first. Default 10,000, some 2 MB. */
  readonly maxNetworks?: number;
  /** Time that one summary covers, in milliseconds. Default 60,000. */
  readonly windowMs?: number;
}

/** Bounds what failed credentials cost, by network of the peer. */
export interface FailureLimiter {
  /**
   * Counts a failure.
   *
   * @param peer Address of the peer, with its port, as grpc-js gives it.
   * @returns `false` when the network has failed too often: answer that it is limited, and log nothing.
   */
  take(peer: string): boolean;
  /** Logs what is not logged yet. */
  close(): void;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Creates the limiter: a token bucket a network (an IPv4 address, or the first 64 bits of an IPv6 one) and one for all.
 * What the buckets do not cover becomes one `auth.limited` event a window.
 *
 * It is asked only *after* a credential has failed, so it never stands before a valid one: behind a balancer all peers
 * share an address, and an attacker there must not lock out the others. For the same reason nothing bounds the
 * signatures verified in a second. A bound would have to refuse tokens unseen, and after a restart or a rotation the
 * valid ones are unseen too; a verification costs some 20 µs where the RPC around it costs 40, so little would be won.
 */
export function createFailureLimiter(
  limits: FailureLimits,
  deps: { readonly clock: Clock; readonly logger: Logger },
): FailureLimiter {
  const { clock, logger } = deps;
  const { burst = 20, refillMs = 3_000, totalBurst = 200, totalRefillMs = 100 } = limits;
  const { maxNetworks = 10_000, windowMs = 60_000 } = limits;
  const buckets = new LRUCache<string, Bucket>({ max: maxNetworks });
  const total: Bucket = { tokens: totalBurst, atMs: clock.now() };
  let limited = 0;
  let latestNetwork = '';
  let window: Timer | undefined;

  const takeFrom = (bucket: Bucket, size: number, everyMs: number): boolean => {
    const now = clock.now();
    const refilled = bucket.tokens + Math.max(0, now - bucket.atMs) / everyMs;
    bucket.tokens = Math.min(size, refilled);
    bucket.atMs = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
  const summarise = (): void => {
    window?.cancel();
    window = undefined;
    if (limited > 0) logEvent(logger, 'auth.limited', { failures: limited, latestNetwork });
    limited = 0;
  };
  return {
    take(peer) {
      const network = networkOf(peer);
      let bucket = buckets.get(network);
      if (bucket === undefined) {
        bucket = { tokens: burst, atMs: clock.now() };
        buckets.set(network, bucket);
      }
      if (takeFrom(bucket, burst, refillMs) && takeFrom(total, totalBurst, totalRefillMs))
        return true;
      limited += 1;
      latestNetwork = network;
      window ??= clock.setTimer(windowMs, summarise);
      return false;
    },
    close: summarise,
  };
}
