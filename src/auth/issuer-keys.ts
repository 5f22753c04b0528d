import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { fetchJwks } from './fetch-jwks.ts';
import { importKeys } from './import-keys.ts';
import {
  type CompiledIssuerKeysOptions,
  type IssuerKeysIssuer,
  type IssuerKeysOptions,
  compileIssuerKeysOptions,
} from './issuer-keys-options.ts';
import type { KeySource } from './key-source.ts';
import {
  type SnapshotIssuer,
  type SnapshotWriter,
  createSnapshotWriter,
  loadSnapshot,
} from './key-snapshot.ts';
import { type KeptIssuer, createKeptIssuer } from './kept-issuer.ts';
import { loadPinnedKeys } from './load-pinned-keys.ts';

/** What the keys need of the world. */
export interface IssuerKeysDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'keyFetches' | 'keysStale'>;
  readonly fetch: typeof fetch;
  /** For jitter, 0 to below 1; default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Creates the key source that outlives an outage of the issuers.
 *
 * Nothing is fetched before `start` or the first `find`. Keys are refreshed before their time to live is over, served for
 * `staleMs` past it when that fails, and withdrawn as soon as a fetched set lacks them. Fetches are bounded: see
 * `createRefreshLoop`. With a snapshot file, the keys of an earlier process serve until the first fetch succeeds.
 *
 * `find` refuses an issuer that is not configured with `ERR_AUTH_ISSUER`, and asks nobody.
 *
 * @throws {TypeError} When the options are wrong; see {@link compileIssuerKeysOptions}.
 * @see protocol.md section 3.4
 */
export function createIssuerKeys(options: IssuerKeysOptions, deps: IssuerKeysDeps): KeySource {
  const compiled = compileIssuerKeysOptions(options);
  const issuers = new Map<string, KeptIssuer>();
  const snapshot = snapshotOf(compiled, issuers, deps.logger);
  for (const entry of compiled.issuers)
    issuers.set(entry.issuer, keep(entry, compiled, deps, { onStateChange, onKeys }));
  let started: Promise<void> | undefined;

  function onStateChange(): void {
    const stale = [...issuers.values()].filter((issuer) => issuer.state() === 'stale');
    deps.metrics.keysStale.set(stale.length);
  }

  function onKeys(): void {
    snapshot?.writer.request();
  }

  async function start(): Promise<void> {
    await snapshot?.restore();
    await Promise.all([...issuers.values()].map((issuer) => issuer.refresh()));
  }

  return {
    find(issuer, keyId) {
      const kept = issuers.get(issuer);
      if (kept === undefined)
        throw new GatewayError('ERR_AUTH_ISSUER', 'the issuer is not trusted');
      return kept.find(keyId);
    },
    start: () => (started ??= start()),
    status: () => [...issuers.values()].map((issuer) => issuer.status()),
    async close() {
      await Promise.all([...issuers.values()].map((issuer) => issuer.close()));
      await snapshot?.writer.idle();
    },
  };
}

function keep(
  { issuer, jwksUri, pinnedFile }: IssuerKeysIssuer,
  options: CompiledIssuerKeysOptions,
  { clock, logger, metrics, fetch, random = Math.random }: IssuerKeysDeps,
  listeners: { readonly onStateChange: () => void; readonly onKeys: () => void },
): KeptIssuer {
  const { fetchTimeoutMs: timeoutMs, maxBodyBytes } = options;
  return createKeptIssuer(
    { ...options, issuer },
    {
      clock,
      logger,
      metrics,
      random,
      ...listeners,
      load: (signal) =>
        pinnedFile === undefined
          ? fetchJwks(jwksUri, { timeoutMs, maxBodyBytes }, { clock, fetch }, signal)
          : loadPinnedKeys(pinnedFile, maxBodyBytes),
    },
  );
}

/** The snapshot of `issuers`; pinned ones have a file already. */
function snapshotOf(
  options: CompiledIssuerKeysOptions,
  issuers: ReadonlyMap<string, KeptIssuer>,
  logger: Logger,
): { readonly writer: SnapshotWriter; restore(): Promise<void> } | undefined {
  const { snapshotFile: file } = options;
  if (file === undefined) return undefined;
  const fetched = options.issuers.filter(({ pinnedFile }) => pinnedFile === undefined);

  function collect(): readonly SnapshotIssuer[] {
    return fetched.flatMap(({ issuer, jwksUri }) => {
      const set = issuers.get(issuer)?.keySet();
      if (set === undefined) return [];
      const { fetchedAtMs, ttlMs, keys } = set;
      return [{ issuer, jwksUri, fetchedAtMs, ttlMs, keys: keys.map(({ jwk }) => jwk) }];
    });
  }

  async function restoreIssuer(held: SnapshotIssuer<unknown>): Promise<void> {
    const { fetchedAtMs, ttlMs } = held;
    // Keys that came from another address than the one that is trusted now are nobody's.
    const isTrusted = fetched.some(
      ({ issuer, jwksUri }) => issuer === held.issuer && jwksUri === held.jwksUri,
    );
    const keys = isTrusted ? await importKeys(held.keys) : [];
    if (keys.length > 0) issuers.get(held.issuer)?.restore({ keys, fetchedAtMs, ttlMs });
  }

  return {
    writer: createSnapshotWriter(file, collect, (error) =>
      logEvent(logger, 'auth.keys.snapshot', { action: 'save', ...describeError(error) }),
    ),
    async restore() {
      const loaded = await loadSnapshot(file);
      if (loaded.type === 'refused')
        logEvent(logger, 'auth.keys.snapshot', { action: 'load', reason: loaded.reason });
      if (loaded.type === 'loaded') await Promise.all(loaded.issuers.map(restoreIssuer));
    },
  };
}
