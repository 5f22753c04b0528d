import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The series of one process, as `Registry.getMetricsAsJSON` gives them. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** Series of several processes as those of one. */
export interface MergedMetrics {
  /** In Prometheus's text format. */
  text(snapshots: readonly MetricsSnapshot[]): Promise<string>;
  /** Keeps what a process that has ended had counted, so that no sum goes down with it. */
  retire(snapshot: MetricsSnapshot): Promise<void>;
  readonly contentType: string;
}

/**
 * Creates the sum of processes. Each series is merged by its own `aggregator`; of a process that has ended counters and
 * histograms stay, gauges go.
 */
export function createMergedMetrics(): MergedMetrics {
  let retired: MetricsSnapshot = [];
  const merge = (snapshots: readonly MetricsSnapshot[]) =>
    AggregatorRegistry.aggregate(snapshots.map((snapshot) => structuredClone([...snapshot])));
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: (snapshots) => merge([retired, ...snapshots]).metrics(),
    async retire(snapshot) {
      const counted = snapshot.filter(({ type }) => isCounted(type));
      retired = await merge([retired, counted]).getMetricsAsJSON();
    },
  };
}

/** prom-client names kinds by a number in its types, and by a word in what it gives. */
function isCounted(type: unknown): boolean {
  return type === 'counter' || type === 'histogram';
}
