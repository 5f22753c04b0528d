import type { AdminDeps } from '../admin/start-admin.ts';
import { type MetricsSnapshot, createMergedMetrics } from '../telemetry/merge-metrics.ts';
import { type Asked, askWorkers } from './ask-workers.ts';

/** The series of all workers as those of one gateway. */
export interface WorkerMetrics {
  readonly registry: AdminDeps['registry'];
  /** Forgets a worker that has ended, but not what it had counted. */
  retire(worker: number): Promise<void>;
}

/** Creates the sum of what `workers` count, read when somebody scrapes. */
export function createWorkerMetrics(workers: () => readonly Asked[]): WorkerMetrics {
  const merged = createMergedMetrics();
  // What a scrape has shown is what must not go down later.
  const shown = new Map<number, MetricsSnapshot>();
  return {
    registry: {
      contentType: merged.contentType as AdminDeps['registry']['contentType'],
      async metrics() {
        for (const { worker, answer } of await askWorkers(workers(), 'metrics'))
          if (workers().some((one) => one.worker === worker))
            shown.set(worker, answer as MetricsSnapshot);
        return merged.text([...shown.values()]);
      },
    },
    async retire(worker) {
      const last = shown.get(worker);
      shown.delete(worker);
      if (last !== undefined) await merged.retire(last);
    },
  };
}
