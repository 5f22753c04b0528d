import type { Clock } from '../core/clock.ts';
import type { ImportedKey } from './import-keys.ts';
import type { VerificationKey } from './key-source.ts';

/** The keys of one issuer as they were published at one time. */
export interface KeySet {
  readonly keys: readonly ImportedKey[];
  readonly fetchedAtMs: number;
  /** How long they are fresh after that. */
  readonly ttlMs: number;
}

/**
 * How far the keys of an issuer may be relied on: `empty` never fetched, `fresh` within their time to live, `stale` past
 * it and still used, `expired` used no more.
 */
export type KeyRingState = 'empty' | 'fresh' | 'stale' | 'expired';

/** The keys of one issuer. */
export interface KeyRing {
  /** A key that is published and not expired. */
  find(keyId: string): VerificationKey | undefined;
  /**
   * Puts another set in the place of the present one.
   *
   * A key that is in both, with the same material, keeps its object; every other present key is trusted no more.
   */
  replace(next: KeySet): { readonly added: number; readonly withdrawn: number };
  state(): KeyRingState;
  /** When time alone will change the state; `undefined` when it will not. */
  nextChangeAtMs(): number | undefined;
  /** What was last put in; `undefined` before. */
  current(): KeySet | undefined;
}

interface HeldKey extends VerificationKey {
  readonly thumbprint: string;
  withdraw(): void;
}

/**
 * Creates an empty ring.
 *
 * @param staleMs How long keys are used past their time to live, in milliseconds.
 */
export function createKeyRing(staleMs: number, clock: Clock): KeyRing {
  let held: ReadonlyMap<string, HeldKey> = new Map();
  let current: KeySet | undefined;
  let staleAtMs = 0;
  let expiresAtMs = 0;

  function hold({ keyId, key, thumbprint }: ImportedKey): HeldKey {
    let isPublished = true;
    return {
      keyId,
      key,
      thumbprint,
      // A key that nobody could confirm for too long is as good as withdrawn, for tokens verified earlier as well.
      isTrusted: () => isPublished && clock.now() < expiresAtMs,
      withdraw() {
        isPublished = false;
      },
    };
  }

  function state(): KeyRingState {
    if (current === undefined) return 'empty';
    const now = clock.now();
    if (now < staleAtMs) return 'fresh';
    return now < expiresAtMs ? 'stale' : 'expired';
  }

  return {
    state,
    find: (keyId) => (clock.now() < expiresAtMs ? held.get(keyId) : undefined),
    replace(next) {
      const before = held;
      const kept = new Set<HeldKey>();
      held = new Map(
        next.keys.map((key) => {
          const same = before.get(key.keyId);
          if (same?.thumbprint !== key.thumbprint) return [key.keyId, hold(key)];
          kept.add(same);
          return [key.keyId, same];
        }),
      );
      for (const key of before.values()) if (!kept.has(key)) key.withdraw();
      current = next;
      staleAtMs = next.fetchedAtMs + next.ttlMs;
      expiresAtMs = staleAtMs + staleMs;
      return { added: held.size - kept.size, withdrawn: before.size - kept.size };
    },
    nextChangeAtMs() {
      const now = state();
      if (now === 'fresh') return staleAtMs;
      return now === 'stale' ? expiresAtMs : undefined;
    },
    current: () => current,
  };
}
