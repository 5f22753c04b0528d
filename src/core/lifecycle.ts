/** The states of the process, and where each may go. */
export const LIFECYCLE = {
  /** Loading keys, bots and voices; new calls are not wanted yet. */
  starting: ['ready', 'draining', 'stopped'],
  /** Answering calls. */
  ready: ['draining', 'stopped'],
  /** Running turns finish, new ones go elsewhere. */
  draining: ['stopped'],
  /** Nothing runs any more. */
  stopped: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** One of the states in {@link LIFECYCLE}. */
export type LifecycleState = keyof typeof LIFECYCLE;

/** The state of the process, and who wants to know of it. */
export interface Lifecycle {
  readonly state: () => LifecycleState;
  /**
   * Moves on, and tells every listener before it returns.
   *
   * @returns `false`, and nothing happens, when {@link LIFECYCLE} has no such move: a start-up that completes while the
   *   process is already draining, or a second signal to stop.
   */
  moveTo(next: LifecycleState): boolean;
  /**
   * Calls `listener` after each move. One that throws does not keep the move from the others; the first error then leaves
   * `moveTo`.
   *
   * @returns A function that ends it.
   */
  onMove(listener: (state: LifecycleState) => void): () => void;
}

/** Creates the life of a process, in state `starting`. */
export function createLifecycle(): Lifecycle {
  let state: LifecycleState = 'starting';
  // Each in an entry of its own, so that adding a listener twice is not removed by one.
  const listeners = new Set<{ readonly tell: (state: LifecycleState) => void }>();

  const isLegal = (next: LifecycleState): boolean => {
    const moves: readonly LifecycleState[] = LIFECYCLE[state];
    return moves.includes(next);
  };
  return {
    state: () => state,
    moveTo(next) {
      if (!isLegal(next)) return false;
      state = next;
      const errors: unknown[] = [];
      for (const { tell } of listeners) {
        // A listener may have moved on already: then the others have heard of the later state.
        if (state !== next) break;
        try {
          tell(next);
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
      return true;
    },
    onMove(listener) {
      const entry = { tell: listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}
