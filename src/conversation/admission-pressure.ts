/** When new calls are refused for the sake of those that are here. */
export interface SheddingLimits {
  /** Mean delay of the event loop, in milliseconds. */
  readonly loopDelayMs: number;
  /** Used part of the heap's limit, 0 to 1. */
  readonly heapShare: number;
}

/** How the process is doing. */
export interface ProcessLoad {
  /** Mean delay of the event loop over the last seconds, in milliseconds. */
  readonly loopDelayMs: () => number;
  /** Used part of the heap's limit, 0 to 1. */
  readonly heapShare: () => number;
}

/** What weighs on the process. */
export interface Pressure {
  /** Why no new call is taken; `undefined`: they are welcome. */
  readonly reason: () => 'loop-delay' | 'memory' | undefined;
}

/** Of the limit: below it calls are welcome again, so that the door does not swing with every measurement. */
const CALM = { loopDelay: 0.5, heap: 0.95 };

/** Creates the judgement: refuses from a limit on, until the signal is well below it again. */
export function createPressure(limits: SheddingLimits, load: ProcessLoad): Pressure {
  let isLate = false;
  let isFull = false;
  return {
    reason() {
      const { loopDelayMs, heapShare } = limits;
      isLate = load.loopDelayMs() >= (isLate ? loopDelayMs * CALM.loopDelay : loopDelayMs);
      isFull = load.heapShare() >= (isFull ? heapShare * CALM.heap : heapShare);
      if (isLate) return 'loop-delay';
      return isFull ? 'memory' : undefined;
    },
  };
}
