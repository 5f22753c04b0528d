import {
  CircuitState,
  ConsecutiveBreaker,
  type IBackoff,
  circuitBreaker,
  handleAll,
} from 'cockatiel';

import type { Clock } from '../../core/clock.ts';

/** `open`: it is left alone. `half-open`: one answer is being tried. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What an answer says about the bot; `unknown` when it was called off before the bot said anything. */
export type Verdict = 'answered' | 'failed' | 'unknown';

/** Decides whether a bot is asked. */
export interface Breaker {
  readonly state: () => BreakerState;
  /**
   * Lets one answer through.
   *
   * @returns Where its verdict goes, exactly once; `undefined` when it is not let through.
   */
  admit(): ((verdict: Verdict) => void) | undefined;
  /** Counts an answer that began while the breaker was closed and has succeeded, without `admit`. */
  succeeded(): void;
}

/** What a {@link Breaker} is made with. */
export interface BreakerOptions {
  readonly failures: number;
  readonly retryAfterMs: number;
  readonly maxRetryAfterMs: number;
}

const STATES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/** Why a trial does not close the circuit. */
class NotAnswered extends Error {
  readonly verdict: Exclude<Verdict, 'answered'>;

  constructor(verdict: Exclude<Verdict, 'answered'>) {
    super(verdict);
    this.verdict = verdict;
  }
}

/** Creates a closed breaker that opens after failures in a row and counts time with our clock. */
export function createBreaker(
  { failures, retryAfterMs, maxRetryAfterMs }: BreakerOptions,
  deps: { readonly clock: Clock; readonly onState: (state: BreakerState) => void },
): Breaker {
  const { clock } = deps;
  /**
   * cockatiel compares `duration` with the machine's clock; all or nothing, it does as ours says. A trial of which nothing
   * became known is repeated with the next answer.
   */
  const waiting = (waitMs: number, untilMs: number): IBackoff<Opening> => ({
    get duration() {
      return clock.now() < untilMs ? Number.POSITIVE_INFINITY : 0;
    },
    next: ({ result }) =>
      isInconclusive(result)
        ? waiting(waitMs, clock.now())
        : wait(Math.min(waitMs * 2, maxRetryAfterMs)),
  });
  const wait = (waitMs: number): IBackoff<Opening> => waiting(waitMs, clock.now() + waitMs);
  const count = new ConsecutiveBreaker(failures);
  const circuit = circuitBreaker(handleAll, {
    breaker: count,
    halfOpenAfter: { next: () => wait(retryAfterMs) },
  });
  circuit.onStateChange((state) => deps.onState(STATES[state]));

  // A reader in between would wait for the trial, and our callers are on the phone.
  const isShut = (): boolean => circuit.state === CircuitState.HalfOpen;
  return {
    state: () => STATES[circuit.state],
    // All that the circuit does with a success while it is closed; by way of a promise, it costs more than the answer.
    succeeded: () => count.success(),
    admit() {
      if (isShut()) return undefined;
      let tell: ((verdict: Verdict) => void) | undefined;
      const isTrial = circuit.state === CircuitState.Open;
      const running = circuit.execute(
        () =>
          new Promise<void>((resolve, reject) => {
            tell = (verdict) => {
              if (verdict === 'answered') resolve();
              else reject(new NotAnswered(verdict));
            };
          }),
      );
      // What it throws is what it was told, or that it is open.
      running.catch(() => undefined);
      const report = tell;
      // Outside a trial, an answer of which nothing became known counts for nothing: it is never reported.
      return (
        report && ((verdict) => (verdict === 'unknown' && !isTrial ? undefined : report(verdict)))
      );
    },
  };
}

interface Opening {
  readonly result: { readonly error: unknown } | { readonly value: unknown };
}

function isInconclusive(result: Opening['result']): boolean {
  return (
    'error' in result && result.error instanceof NotAnswered && result.error.verdict === 'unknown'
  );
}
