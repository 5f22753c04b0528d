import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import { type Clock, every } from '../core/clock.ts';

/** Watches the process itself. Reading costs nothing. */
export interface ProcessLoadMonitor {
  /** Mean delay of the event loop over the last seconds, in milliseconds. */
  readonly loopDelayMs: () => number;
  /** Used part of the heap's limit, 0 to 1. */
  readonly heapShare: () => number;
  close(): void;
}

const RESOLUTION_MS = 10;
const WINDOW_MS = 500;
const NS_PER_MS = 1e6;

/** Starts watching. @param clock That of the machine: the event loop knows no other. */
export function startProcessLoad(clock: Clock): ProcessLoadMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let loopDelayMs = 0;
  let heapShare = 0;
  const measure = (): void => {
    const mean = histogram.mean / NS_PER_MS - RESOLUTION_MS;
    histogram.reset();
    // Each window counts for half of what is known: one long pause is no load.
    loopDelayMs = (loopDelayMs + Math.max(0, Number.isNaN(mean) ? 0 : mean)) / 2;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    heapShare = used / limit;
  };
  const timer = every(clock, WINDOW_MS, measure);
  return {
    loopDelayMs: () => loopDelayMs,
    heapShare: () => heapShare,
    close() {
      timer.close();
      histogram.disable();
    },
  };
}
