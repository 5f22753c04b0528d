import { LRUCache } from 'lru-cache';

import type { Clock } from '../core/clock.ts';
import { runInBackground } from '../core/background.ts';
import type { TokenGeneration } from './replay-guard.ts';
import type { RotationDecision } from './replay-store.ts';

/** Options of {@link rememberDecisions}. */
export interface DecisionMemoryOptions {
  /** Greatest age of a decision that is used, in milliseconds, at least 1; default 1000. */
  readonly recheckMs?: number;
  /** Most decisions held, the least recently used forgotten first; default 10,000. */
  readonly maxDecisions?: number;
}

/** Replicas agree within a second. */
const DEFAULT_RECHECK_MS = 1000;
const DEFAULT_MAX_DECISIONS = 10_000;

interface Held {
  readonly decision: RotationDecision | undefined;
  /** When the question was put, so that the store decided no earlier. */
  readonly askedAtMs: number;
  underWay: Promise<RotationDecision> | undefined;
}

/**
 * Puts a memory in front of `ask`, whose answers take a round trip.
 *
 * A decision is used for `recheckMs` and not a moment longer, counted from when it was asked for: what one replica retires,
 * the others refuse within that time. In the second half of it the first use asks again without waiting, so that calls wait
 * only for a token that was not used for a while. All who need the same answer share one question. An answer that `ask` gives
 * at once is not remembered, nor is a failure: a failure reaches those who have to wait.
 */
export function rememberDecisions(
  ask: (generation: TokenGeneration) => RotationDecision | Promise<RotationDecision>,
  clock: Clock,
  options: DecisionMemoryOptions = {},
): (generation: TokenGeneration) => RotationDecision | Promise<RotationDecision> {
  const recheckMs = options.recheckMs ?? DEFAULT_RECHECK_MS;
  const decisions = new LRUCache<string, Held>({
    max: options.maxDecisions ?? DEFAULT_MAX_DECISIONS,
  });

  const askAgain = (
    generation: TokenGeneration,
    held: Held | undefined,
  ): RotationDecision | Promise<RotationDecision> => {
    const askedAtMs = clock.now();
    const answer = ask(generation);
    if (typeof answer === 'string') return answer;
    const entry: Held = held ?? { decision: undefined, askedAtMs: -Infinity, underWay: undefined };
    const settle = async (): Promise<RotationDecision> => {
      try {
        const decision = await answer;
        decisions.set(generation.tokenHash, { decision, askedAtMs, underWay: undefined });
        return decision;
      } finally {
        entry.underWay = undefined;
      }
    };
    entry.underWay = settle();
    decisions.set(generation.tokenHash, entry);
    return entry.underWay;
  };

  return (generation) => {
    const held = decisions.get(generation.tokenHash);
    if (held?.decision === undefined) return held?.underWay ?? askAgain(generation, held);
    const ageMs = clock.now() - held.askedAtMs;
    if (ageMs < recheckMs / 2) return held.decision;
    const answer = held.underWay ?? askAgain(generation, held);
    if (ageMs >= recheckMs || typeof answer === 'string') return answer;
    runInBackground(
      async () => void (await answer),
      // Whoever has to wait for the next answer hears of it.
      () => undefined,
    );
    return held.decision;
  };
}
