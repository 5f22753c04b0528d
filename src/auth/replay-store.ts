import type { TokenGeneration } from './replay-guard.ts';

/** A generation inside a {@link GenerationRecord}, which belongs to one identity. */
export type KnownGeneration = Omit<TokenGeneration, 'identity'>;

/** A token id, and the one token of the identity that may carry it. */
export interface UsedTokenId {
  readonly tokenId: string;
  readonly tokenHash: string;
  /** When it may be forgotten: no token with this id is valid any more. */
  readonly untilMs: number;
}

/**
 * What is known of the tokens of one identity: its two newest generations, and the ids that were used.
 *
 * Two records of one identity can be merged in any order, with the same result: that is how replicas agree, and how a store
 * that has lost its memory is taught again.
 */
export interface GenerationRecord {
  readonly current: KnownGeneration;
  /** The newest before the current one, valid while it overlaps. */
  readonly previous?: KnownGeneration;
  /** When the current one was first seen anywhere, in milliseconds: the overlap counts from here. */
  readonly currentSinceMs: number;
  /** Oldest first, at most 64. */
  readonly tokenIds: readonly UsedTokenId[];
  /** When every generation that was ever shown has expired, clock skew included. */
  readonly forgetAtMs: number;
}

/** The circumstances of {@link ReplayStore.rotate}. */
export interface Rotation {
  /** The time of the one who asks; replicas' clocks should differ by far less than the overlap. */
  readonly nowMs: number;
  /** How long the previous generation stays valid, in milliseconds, at least 0; `undefined`: until it expires. */
  readonly overlapMs: number | undefined;
  /** What the one who asks knows of the identity already; it is merged into the record before the decision. */
  readonly known?: GenerationRecord | undefined;
}

/**
 * What became of a generation: three ways to be admitted, two to be refused.
 *
 * `known` is the current one again; `current` has just become it; `previous` is in overlap.
 */
export type RotationDecision = 'known' | 'current' | 'previous' | 'superseded' | 'token-id-reused';

/** The answer of {@link ReplayStore.rotate}. */
export interface RotationAnswer {
  readonly decision: RotationDecision;
  /** The record after the decision. */
  readonly record: GenerationRecord;
  /** Identities and token ids that had to be forgotten before their time, for want of room. */
  readonly forgotten: number;
}

/** The answer of {@link ReplayStore.useOnce}. */
export interface UseAnswer {
  readonly decision: 'first-use' | 'token-id-reused';
  /** As in {@link RotationAnswer}. */
  readonly forgotten: number;
}

/**
 * A memory of tokens, for one process or for all replicas. Everything is kept by identity, never by token id alone, and until
 * the last token it speaks of has expired.
 *
 * Every method rejects or throws a {@link GatewayError} `ERR_AUTH_REPLAY_STORE_UNAVAILABLE` when it cannot decide.
 */
export interface ReplayStore {
  /**
   * Decides about one use of a generation, and remembers it, in one atomic step; `rotateGeneration` is the rule.
   */
  rotate(
    generation: TokenGeneration,
    rotation: Rotation,
  ): RotationAnswer | PromiseLike<RotationAnswer>;
  /** Marks the token id as used within its identity, in one atomic step. */
  useOnce(generation: TokenGeneration, nowMs: number): UseAnswer | PromiseLike<UseAnswer>;
  /** Asks whether the store can decide at all; changes no decision. */
  check(): void | Promise<void>;
  /** Lets go of connections; what is asked afterwards fails. Idempotent. */
  close(): Promise<void>;
}

/** A {@link ReplayStore} inside the process: it answers at once. */
export interface LocalReplayStore extends ReplayStore {
  rotate(generation: TokenGeneration, rotation: Rotation): RotationAnswer;
  useOnce(generation: TokenGeneration, nowMs: number): UseAnswer;
  /** What is known of an identity. */
  recall(identity: string, nowMs: number): GenerationRecord | undefined;
  /** What is known of at most `max` identities, those used last first. */
  recent(max: number, nowMs: number): readonly (readonly [identity: string, GenerationRecord])[];
}
