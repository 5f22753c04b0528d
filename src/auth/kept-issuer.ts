import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { FailedJwks, JwksAnswer } from './fetch-jwks.ts';
import { importKeys } from './import-keys.ts';
import { type KeyRingState, type KeySet, createKeyRing } from './key-ring.ts';
import type { IssuerKeyStatus, VerificationKey } from './key-source.ts';
import { type RefreshOutcome, createRefreshLoop } from './refresh-loop.ts';

/** Each waits for one fetch at most, so this only bounds what a flood of invented key ids can hold in memory. */
const MAX_WAITING_FINDS = 4_096;

/** What Webex's published sample assumes (protocol.md section 3.4). */
const DEFAULT_TTL_MS = 60 * 60_000;

type Refreshed = Extract<RefreshOutcome, { readonly type: 'refreshed' }>;

/** What one issuer is kept with. */
export interface KeptIssuerOptions {
  readonly issuer: string;
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  readonly coolDownMs: number;
  readonly staleMs: number;
}

/** What keeping an issuer needs. */
export interface KeptIssuerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'keyFetches'>;
  readonly random: () => number;
  /** Asks the issuer, or what stands for it, once; never rejects. */
  readonly load: (signal: AbortSignal) => Promise<JwksAnswer>;
  /** Hears that `state` has moved. */
  readonly onStateChange: () => void;
  /** Hears that keys have come. */
  readonly onKeys: () => void;
}

/** One issuer, whose keys are fetched, refreshed and let go. */
export interface KeptIssuer {
  /** As `KeySource.find`. */
  find(keyId: string): VerificationKey | Promise<VerificationKey>;
  /** Fetches now, and goes on refreshing; never rejects. */
  refresh(): Promise<void>;
  /** Puts in keys that were fetched by an earlier process, when there are none yet. */
  restore(set: KeySet): void;
  /** As it was last reported. */
  state(): KeyRingState;
  status(): IssuerKeyStatus;
  /** What was last fetched, as long as it may be used. */
  keySet(): KeySet | undefined;
  close(): Promise<void>;
}

/** Creates an issuer without keys. */
export function createKeptIssuer(options: KeptIssuerOptions, deps: KeptIssuerDeps): KeptIssuer {
  const { issuer } = options;
  const { clock, logger, metrics } = deps;
  const ring = createKeyRing(options.staleMs, clock);
  const loop = createRefreshLoop(options.coolDownMs, load, deps);
  let reported: KeyRingState = 'empty';
  let watch: Timer | undefined;
  let waitingFinds = 0;

  async function load(signal: AbortSignal): Promise<RefreshOutcome> {
    let outcome: Refreshed | FailedJwks;
    try {
      outcome = await loadKeys(signal);
    } catch {
      outcome = { type: 'failed', reason: 'fault' };
    }
    if (signal.aborted) return outcome;
    if (outcome.type === 'refreshed') {
      metrics.keyFetches.inc({ outcome: 'ok' });
    } else {
      const { reason, status, networkCode } = outcome;
      metrics.keyFetches.inc({ outcome: reason });
      logEvent(logger, 'auth.keys.failed', { issuer, reason, status, networkCode });
    }
    report();
    return outcome;
  }

  async function loadKeys(signal: AbortSignal): Promise<Refreshed | FailedJwks> {
    const answer = await deps.load(signal);
    if (answer.type === 'failed') return answer;
    const keys = await importKeys(answer.entries);
    // A set without a usable key is more often a broken deployment than the withdrawal of every key, and believing it
    // would turn every caller away; an issuer that means it is believed when the stale time is over.
    if (keys.length === 0) return { type: 'failed', reason: 'no-usable-keys' };
    if (signal.aborted) return { type: 'failed', reason: 'network' };
    const ttlMs = boundTtl(answer.maxAgeMs ?? DEFAULT_TTL_MS);
    const change = ring.replace({ keys, fetchedAtMs: clock.now(), ttlMs });
    const unusable = answer.entries.length - keys.length;
    logEvent(logger, 'auth.keys.fetched', {
      issuer,
      keys: keys.length,
      unusable,
      ttlMs,
      ...change,
    });
    deps.onKeys();
    return { type: 'refreshed', ttlMs };
  }

  function boundTtl(ttlMs: number): number {
    return Math.min(Math.max(ttlMs, options.minTtlMs), options.maxTtlMs);
  }

  /** Tells of a change of state once, and comes again when time alone will bring the next. */
  function report(): void {
    watch?.cancel();
    const state = ring.state();
    if (state !== reported) {
      reported = state;
      if (state === 'stale' || state === 'expired')
        logEvent(logger, `auth.keys.${state}`, { issuer, ageMs: status().ageMs });
      deps.onStateChange();
    }
    const changesAtMs = ring.nextChangeAtMs();
    if (changesAtMs !== undefined) watch = clock.setTimer(changesAtMs - clock.now(), report);
  }

  function status(): IssuerKeyStatus {
    const state = ring.state();
    const set = ring.current();
    return {
      issuer,
      keys: state === 'expired' ? 0 : (set?.keys.length ?? 0),
      isStale: state === 'stale',
      ageMs: set === undefined ? undefined : clock.now() - set.fetchedAtMs,
    };
  }

  function refusal(): GatewayError {
    const state = ring.state();
    return state === 'empty' || state === 'expired'
      ? new GatewayError('ERR_AUTH_KEYS_UNAVAILABLE', 'the keys of the issuer cannot be fetched')
      : new GatewayError('ERR_AUTH_KEY_UNKNOWN', 'the issuer publishes no such key');
  }

  async function findAfter(refreshed: Promise<void>, keyId: string): Promise<VerificationKey> {
    waitingFinds += 1;
    try {
      await refreshed;
    } finally {
      waitingFinds -= 1;
    }
    const key = ring.find(keyId);
    if (key === undefined) throw refusal();
    return key;
  }

  return {
    find(keyId) {
      const key = ring.find(keyId);
      if (key !== undefined) return key;
      // The cool-down is the memory of unknown key ids: one instant an issuer, which no flood can overflow, and which does
      // not keep a key out that is published a moment after its first use.
      const refreshed = waitingFinds < MAX_WAITING_FINDS ? loop.refreshForMiss() : undefined;
      if (refreshed === undefined) throw refusal();
      return findAfter(refreshed, keyId);
    },
    refresh: loop.refresh,
    restore(set) {
      if (ring.state() !== 'empty') return;
      // A clock that was ahead must not make keys younger than they are: no age is below zero.
      const fetchedAtMs = Math.min(set.fetchedAtMs, clock.now());
      // No report yet: the fetch that follows decides whether these keys are needed at all.
      ring.replace({ ...set, fetchedAtMs, ttlMs: boundTtl(set.ttlMs) });
    },
    state: () => reported,
    status,
    keySet: () => (ring.state() === 'expired' ? undefined : ring.current()),
    async close() {
      watch?.cancel();
      await loop.close();
    },
  };
}
