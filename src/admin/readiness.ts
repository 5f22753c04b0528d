import type { LifecycleState } from '../core/lifecycle.ts';

/** Whether new calls are welcome here, and why not. Made anew for each question, from memory, without waiting. */
export interface ReadinessReport {
  readonly state: LifecycleState;
  /** What keeps calls away besides the state, in stable lower-case words such as `keys-missing`; empty: nothing. */
  readonly reasons: readonly string[];
  /** What an operator should know and keeps no call away, such as `replay-off` or `keys-stale`. */
  readonly notices: readonly string[];
}

/** Tells whether the report lets calls in. */
export function isReady({ state, reasons }: ReadinessReport): boolean {
  return state === 'ready' && reasons.length === 0;
}

/** All reasons against new calls, the state among them. */
export function reasonsOf({ state, reasons }: ReadinessReport): readonly string[] {
  return state === 'ready' ? reasons : [state, ...reasons];
}
