import type { Clock, Timer } from './clock.ts';

/** Things that have all the same time, on one timer: what is over before its time costs no timer of its own. */
export interface Deadlines<T> {
  /** Begins the time of an item; for one that is there already it runs on. */
  add(item: T): void;
  /** The item is over; does nothing when it is not there. */
  delete(item: T): void;
  /** Forgets all of them. */
  close(): void;
}

/**
 * Creates deadlines; it holds no more than what is added and neither deleted nor due.
 *
 * @param onDue Called once for each item whose time is up; it is forgotten then.
 */
export function createDeadlines<T>(
  clock: Clock,
  timeoutMs: number,
  onDue: (item: T) => void,
): Deadlines<T> {
  /** In the order in which they are due. */
  const dueMs = new Map<T, number>();
  let timer: Timer | undefined;

  const arm = (): void => {
    const [first] = dueMs.values();
    if (first === undefined) return;
    timer = clock.setTimer(Math.max(first - clock.now(), 0), () => fire(first));
  };
  const fire = (armedForMs: number): void => {
    timer = undefined;
    // A clock that was set back meanwhile must not make anybody wait twice.
    const now = Math.max(clock.now(), armedForMs);
    const due: T[] = [];
    for (const [item, itemDueMs] of dueMs) {
      if (itemDueMs > now) break;
      due.push(item);
    }
    for (const item of due) if (dueMs.delete(item)) onDue(item);
    // What is added from `onDue` may have armed it.
    if (timer === undefined) arm();
  };
  return {
    add(item) {
      if (dueMs.has(item)) return;
      dueMs.set(item, clock.now() + timeoutMs);
      if (timer === undefined) arm();
    },
    delete: (item) => void dueMs.delete(item),
    close() {
      dueMs.clear();
      timer?.cancel();
      timer = undefined;
    },
  };
}
