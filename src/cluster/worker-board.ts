import type { DashboardTotals } from '../admin/dashboard-source.ts';
import type { DependencyCounts } from '../admin/health-routes.ts';
import { type ReadinessReport, isReady } from '../admin/readiness.ts';
import { type Clock, every } from '../core/clock.ts';
import type { LifecycleState } from '../core/lifecycle.ts';
import { type Asked, askWorkers } from './ask-workers.ts';
import { addCounts, addTotals } from './merge-dashboards.ts';

/** What a worker tells of itself; it is asked twice a second. */
export interface WorkerReport {
  readonly readiness: ReadinessReport;
  readonly dependencies: DependencyCounts;
  readonly totals: DashboardTotals;
}

/** What the primary knows of its workers, as one gateway. */
export interface WorkerBoard {
  readonly readiness: () => ReadinessReport;
  readonly dependencies: () => DependencyCounts;
  readonly totals: () => Promise<DashboardTotals>;
  /** Asks a worker now. */
  ask(worker: Asked): void;
  /** Forgets a worker that has ended, but not what it had counted. */
  retire(worker: number): void;
  close(): void;
}

interface BoardDeps {
  readonly clock: Clock;
  readonly workers: () => readonly (Asked & { readonly isReady: () => boolean })[];
  /** Workers that answer calls by a configuration that is not the current one. */
  readonly outdated: () => number;
  readonly state: () => LifecycleState;
  /** Called when a worker has not answered for a minute. */
  readonly onHung: (worker: number) => void;
}

interface Known {
  readonly report: WorkerReport;
  /** Questions in a row that it has not answered. */
  readonly misses: number;
}

const REPORT_INTERVAL_MS = 500;
/** Each is a wait of 2 seconds. By number and not by the clock, which jumps when a machine wakes up. */
const MAX_MISSES = 30;
const NO_TOTALS = addTotals([]);

/** Collects what workers tell, and makes one gateway of it. */
export function createWorkerBoard(deps: BoardDeps): WorkerBoard {
  const { workers, state } = deps;
  const known = new Map<number, Known>();
  const asked = new Set<number>();
  let retired = NO_TOTALS;

  const isThere = (worker: number): boolean => workers().some((one) => one.worker === worker);
  const ask = async (one: Asked): Promise<void> => {
    const { worker } = one;
    if (asked.has(worker)) return;
    asked.add(worker);
    const [told] = await askWorkers([one], 'report');
    asked.delete(worker);
    if (!isThere(worker)) return;
    const before = known.get(worker);
    if (told !== undefined) known.set(worker, { report: told.answer as WorkerReport, misses: 0 });
    // A worker that starts has not told anything yet.
    if (told !== undefined || before === undefined) return;
    const misses = before.misses + 1;
    known.set(worker, { ...before, misses });
    if (misses === MAX_MISSES) deps.onHung(worker);
  };
  const poll = every(deps.clock, REPORT_INTERVAL_MS, () => {
    for (const one of workers()) void ask(one);
  });
  const reports = (): readonly WorkerReport[] =>
    [...known.values()].flatMap(({ report, misses }) => (misses === 0 ? [report] : []));

  return {
    readiness() {
      const all = reports().map(({ readiness }) => readiness);
      const merged = mergeReadiness(state(), all);
      return all.length === known.size
        ? merged
        : { ...merged, notices: [...merged.notices, 'worker-silent'] };
    },
    dependencies() {
      const all = workers();
      const ready = all.filter((one) => one.isReady()).length;
      const silent = known.size - reports().length;
      return {
        workers: {
          ready: ready - silent,
          starting: all.length - ready,
          silent,
          outdated: deps.outdated(),
        },
        ...sumCounts(reports().map(({ dependencies }) => dependencies)),
      };
    },
    totals: async () =>
      addTotals([retired, ...[...known.values()].map((one) => one.report.totals)]),
    ask: (worker) => void ask(worker),
    retire(worker) {
      const last = known.get(worker);
      if (last !== undefined) retired = addTotals([retired, last.report.totals]);
      known.delete(worker);
    },
    close: poll.close,
  };
}

/** Ready when one worker is: connections reach those that listen. Reasons and notices of all, once each. */
function mergeReadiness(
  state: LifecycleState,
  reports: readonly ReadinessReport[],
): ReadinessReport {
  const notices = unique(reports.flatMap((report) => report.notices));
  if (reports.some(isReady)) return { state, reasons: [], notices };
  const reasons = unique(reports.flatMap((report) => report.reasons));
  return { state, reasons: reasons.length === 0 ? ['no-worker-ready'] : reasons, notices };
}

/** Adds counts by kind and state. */
function sumCounts(all: readonly DependencyCounts[]): DependencyCounts {
  const sums: Record<string, Readonly<Record<string, number>>> = {};
  for (const counts of all)
    for (const [kind, states] of Object.entries(counts))
      sums[kind] = addCounts(sums[kind] ?? {}, states);
  return sums;
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
