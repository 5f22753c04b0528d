import type { TokenGeneration } from './replay-guard.ts';
import type {
  GenerationRecord,
  KnownGeneration,
  Rotation,
  RotationAnswer,
  UsedTokenId,
} from './replay-store.ts';

/** How long a token may still be accepted after it expired: the greatest clock skew that can be configured. */
export const EXPIRY_MARGIN_MS = 300_000;

/** Token ids remembered for each identity; a token that lives a day would have to be renewed every 20 minutes to need more. */
export const MAX_TOKEN_IDS = 64;

/**
 * The rule of rotation: decides about one use of a generation, given what is known of its identity.
 *
 * Generations are ordered by `iat`, then `exp`, then hash, so that all replicas order them alike. The two newest that were
 * ever shown are the current and the previous one; the previous is valid for the overlap, counted from the first sight of the
 * current. Whatever leaves these two places is older than both and can never return, in whatever order tokens arrive.
 *
 * A generation that is shown for the first time after a newer one is taken as the previous when it is the newest of the older
 * ones and the overlap still runs: a replica that first met the new token must not turn away callers that still carry the old
 * one. Hence a store without a memory accepts the first old token it meets, as it would have before the new one came; replicas
 * that must not do so share a store.
 *
 * A refused generation leaves no trace but how long the record is kept. `protocol.md` section 3.3 says why tokens repeat.
 */
export function rotateGeneration(
  stored: GenerationRecord | undefined,
  generation: TokenGeneration,
  { nowMs, overlapMs, known }: Rotation,
): RotationAnswer {
  const merged = mergeRecords(stored, known, nowMs);
  const overflow = Math.max(0, (merged?.tokenIds.length ?? 0) - MAX_TOKEN_IDS);
  const record =
    merged === undefined || overflow === 0
      ? merged
      : { ...merged, tokenIds: merged.tokenIds.slice(overflow) };
  const forgetAtMs = Math.max(
    record?.forgetAtMs ?? 0,
    Math.trunc(generation.expiresAtMs) + EXPIRY_MARGIN_MS,
  );
  if (record === undefined)
    return admit('current', { current: toKnown(generation), currentSinceMs: nowMs, forgetAtMs });

  const { current, previous, currentSinceMs, tokenIds } = record;
  if (current.tokenHash === generation.tokenHash)
    return { decision: 'known', record, forgotten: overflow };
  const isOverlapping = overlapMs === undefined || nowMs < currentSinceMs + overlapMs;
  const refuse = (decision: 'superseded' | 'token-id-reused'): RotationAnswer => ({
    decision,
    record: { ...record, forgetAtMs },
    forgotten: overflow,
  });

  if (previous?.tokenHash === generation.tokenHash)
    return isOverlapping
      ? { decision: 'previous', record, forgotten: overflow }
      : refuse('superseded');
  const isReused = tokenIds.some(
    ({ tokenId, tokenHash, untilMs }) =>
      tokenId === generation.tokenId && tokenHash !== generation.tokenHash && untilMs > nowMs,
  );
  if (isReused) return refuse('token-id-reused');
  if (isNewer(generation, current))
    return admit('current', {
      current: toKnown(generation),
      previous: current,
      currentSinceMs: nowMs,
      forgetAtMs,
    });
  if (!isOverlapping || (previous !== undefined && !isNewer(generation, previous)))
    return refuse('superseded');
  return admit('previous', {
    current,
    previous: toKnown(generation),
    currentSinceMs,
    forgetAtMs,
  });

  function admit(
    decision: 'current' | 'previous',
    parts: Omit<GenerationRecord, 'tokenIds'>,
  ): RotationAnswer {
    const ids = (record?.tokenIds ?? []).filter(
      ({ tokenId, untilMs }) => untilMs > nowMs && tokenId !== generation.tokenId,
    );
    ids.push({
      tokenId: generation.tokenId,
      tokenHash: generation.tokenHash,
      untilMs: Math.trunc(generation.expiresAtMs) + EXPIRY_MARGIN_MS,
    });
    const excess = Math.max(0, ids.length - MAX_TOKEN_IDS);
    const forgotten = overflow + excess;
    return { decision, record: { ...parts, tokenIds: ids.slice(excess) }, forgotten };
  }
}

function mergeRecords(
  a: GenerationRecord | undefined,
  b: GenerationRecord | undefined,
  nowMs: number,
): GenerationRecord | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const { current, currentSinceMs } = isNewer(b.current, a.current) ? b : a;
  let previous: KnownGeneration | undefined;
  for (const one of [a.current, a.previous, b.current, b.previous])
    if (
      one !== undefined &&
      one.tokenHash !== current.tokenHash &&
      (previous === undefined || isNewer(one, previous))
    )
      previous = one;
  return {
    current,
    ...(previous === undefined ? {} : { previous }),
    currentSinceMs:
      a.current.tokenHash === b.current.tokenHash
        ? Math.min(a.currentSinceMs, b.currentSinceMs)
        : currentSinceMs,
    tokenIds: mergeTokenIds(a.tokenIds, b.tokenIds, nowMs),
    forgetAtMs: Math.max(a.forgetAtMs, b.forgetAtMs),
  };
}

function mergeTokenIds(
  first: readonly UsedTokenId[],
  second: readonly UsedTokenId[],
  nowMs: number,
): readonly UsedTokenId[] {
  const live = first.filter(({ untilMs }) => untilMs > nowMs);
  const added = second.filter(
    (one) => one.untilMs > nowMs && live.every(({ tokenId }) => tokenId !== one.tokenId),
  );
  return [...live, ...added];
}

function isNewer(one: KnownGeneration, other: KnownGeneration): boolean {
  // `exp` comes second: some tokens carry the day of the registration as `iat`, renewed or not (protocol.md section 3.3).
  if (one.issuedAtMs !== other.issuedAtMs) return one.issuedAtMs > other.issuedAtMs;
  if (one.expiresAtMs !== other.expiresAtMs) return one.expiresAtMs > other.expiresAtMs;
  return one.tokenHash > other.tokenHash;
}

function toKnown({ tokenId, tokenHash, issuedAtMs, expiresAtMs }: TokenGeneration) {
  return { tokenId, tokenHash, issuedAtMs, expiresAtMs } satisfies KnownGeneration;
}
