import type { Clock, Timer } from '../core/clock.ts';

const FIRST_BACK_OFF_MS = 1_000;
/** Long enough to be no burden in an outage of hours, short enough that recovery is soon noticed. */
const MAX_BACK_OFF_MS = 5 * 60_000;
/** A server that asks for more is asked again after an hour all the same. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** How one refresh went. */
export type RefreshOutcome =
  | { readonly type: 'refreshed'; readonly ttlMs: number }
  | { readonly type: 'failed'; readonly retryAfterMs?: number };

/** Repeats a refresh in the background. */
export interface RefreshLoop {
  /** Refreshes now, or joins the refresh that is running; the next one is scheduled when it is over. Never rejects. */
  refresh(): Promise<void>;
  /**
   * Refreshes because something is missing: joins the refresh that is running, or starts one.
   *
   * @returns `undefined`, and nothing is started, within the cool-down of an earlier such refresh or of any failed one,
   *   within the time that the server asked for, or after `close`.
   */
  refreshForMiss(): Promise<void> | undefined;
  /** Ends a running refresh and starts no other. */
  close(): Promise<void>;
}

/**
 * Creates a loop that is at rest until its first refresh.
 *
 * After a success the next refresh comes at 80 to 95 % of the time to live, so that replicas drift apart and a slow answer
 * still comes in time. After failures it comes after 0.5 to 1 times 1 s, 2 s, 4 s … 5 min, and never before the time the
 * server asked for, of which an hour at most is granted. So an outage of a day costs at most 600 refreshes (a bound that
 * a test holds), and misses add at most one for each cool-down.
 *
 * @param coolDownMs How long misses start no refresh, in milliseconds.
 * @param load One refresh; a rejection counts as a failure. `signal` fires on `close`.
 */
export function createRefreshLoop(
  coolDownMs: number,
  load: (signal: AbortSignal) => Promise<RefreshOutcome>,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): RefreshLoop {
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  let timer: Timer | undefined;
  let failures = 0;
  let missesWaitUntilMs = 0;

  async function run(): Promise<void> {
    timer?.cancel();
    let outcome: RefreshOutcome;
    try {
      outcome = await load(closing.signal);
    } catch {
      outcome = { type: 'failed' };
    }
    if (closing.signal.aborted) return;
    timer = clock.setTimer(delayAfter(outcome), () => void refresh());
  }

  function delayAfter(outcome: RefreshOutcome): number {
    if (outcome.type === 'refreshed') {
      failures = 0;
      return outcome.ttlMs * (0.8 + 0.15 * random());
    }
    // The exponent is bounded too: an outage of weeks must not overflow.
    const backOffMs = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.min(failures, 20), MAX_BACK_OFF_MS);
    failures += 1;
    const askedMs = Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    missesWaitUntilMs = Math.max(missesWaitUntilMs, clock.now() + Math.max(coolDownMs, askedMs));
    return Math.max(backOffMs * (0.5 + 0.5 * random()), askedMs * (1 + 0.1 * random()));
  }

  function refresh(): Promise<void> {
    if (closing.signal.aborted) return Promise.resolve();
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    refresh,
    refreshForMiss() {
      if (closing.signal.aborted) return undefined;
      if (running !== undefined) return running;
      if (clock.now() < missesWaitUntilMs) return undefined;
      missesWaitUntilMs = clock.now() + coolDownMs;
      return refresh();
    },
    async close() {
      closing.abort();
      timer?.cancel();
      await running;
    },
  };
}
