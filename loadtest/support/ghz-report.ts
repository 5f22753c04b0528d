/** What ghz says of a run; times in nanoseconds. */
export interface GhzReport {
  readonly name: string;
  readonly count: number;
  readonly total: number;
  readonly average: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly rps: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
  readonly errorDistribution: Readonly<Record<string, number>>;
  readonly latencyDistribution: readonly {
    readonly percentage: number;
    readonly latency: number;
  }[];
  readonly histogram: readonly object[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** What of the options says how the run was made, and nothing of where. */
const KEPT_OPTIONS = ['call', 'total', 'concurrency', 'connections', 'timeout', 'CPUs'] as const;

/** Reads ghz's JSON, and leaves out the token, machine, paths, sound, and the thousands of single RPCs. */
export function toGhzReport(text: string): GhzReport {
  // The shape is ghz's, which the caller runs in one version.
  const report = JSON.parse(text) as GhzReport;
  return {
    name: report.name,
    options: Object.fromEntries(KEPT_OPTIONS.map((key) => [key, report.options[key]])),
    count: report.count,
    total: report.total,
    average: report.average,
    fastest: report.fastest,
    slowest: report.slowest,
    rps: report.rps,
    statusCodeDistribution: report.statusCodeDistribution,
    errorDistribution: report.errorDistribution,
    latencyDistribution: report.latencyDistribution,
    histogram: report.histogram,
  };
}

/** A percentile that ghz reports, in milliseconds. */
export function latencyMs({ latencyDistribution }: GhzReport, percentage: number): number {
  const found = latencyDistribution.find((entry) => entry.percentage === percentage);
  return (found?.latency ?? Number.NaN) / 1e6;
}
