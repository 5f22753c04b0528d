import type { Clock } from '../core/clock.ts';
import type { DashboardSource, DashboardTotals, DashboardView } from './dashboard-source.ts';
import type { ActiveLogLevel } from './log-levels-contract.ts';
import { type ReadinessReport, isReady } from './readiness.ts';
import { type Count, followTotals } from './recent-counts.ts';

/** What the operator's page shows, as JSON. No token, and nothing of what a caller said, pressed or sent. */
export interface DashboardState extends DashboardView {
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly service: string;
  readonly readiness: ReadinessReport & { readonly isReady: boolean };
  readonly counts: Readonly<Record<keyof DashboardTotals, readonly Count[]>>;
  readonly logLevels: readonly ShownLogLevel[] | undefined;
}

/** A changed log level; of a conversation only the beginning of its id. */
export interface ShownLogLevel extends Pick<ActiveLogLevel, 'id' | 'level' | 'untilMs'> {
  readonly scope: { readonly type: ActiveLogLevel['scope']['type']; readonly id: string };
}

const MAX_LEVELS = 50;
const SHOWN_ID_LENGTH = 8;

/** What the state is made of. */
export interface DashboardStateDeps {
  readonly clock: Clock;
  readonly readiness: () => ReadinessReport;
  readonly serviceName: string;
  readonly source: DashboardSource;
}

/** Reads {@link DashboardState} anew each time. */
export interface DashboardReader {
  read(): Promise<DashboardState>;
  /** Stops following what is counted. */
  close(): void;
}

/** Creates the reader; it begins to follow what is counted. */
export function createDashboardReader(deps: DashboardStateDeps): DashboardReader {
  const { clock, source } = deps;
  const startedAtMs = clock.now();
  const followed = followTotals(source.totals, clock);
  return {
    async read() {
      const [counts, view] = await Promise.all([followed.read(), source.view()]);
      const readiness = deps.readiness();
      return {
        ...view,
        atMs: clock.now(),
        startedAtMs,
        service: deps.serviceName,
        readiness: { ...readiness, isReady: isReady(readiness) },
        counts,
        logLevels: source.logLevels?.list().slice(0, MAX_LEVELS).map(toShownLogLevel),
      };
    },
    close: followed.close,
  };
}

/** Shows a changed level without the conversation's whole id. */
export function toShownLogLevel({ id, scope, level, untilMs }: ActiveLogLevel): ShownLogLevel {
  const shown =
    scope.type === 'organisation'
      ? scope.organisationId
      : scope.conversationId.slice(0, SHOWN_ID_LENGTH);
  return { id, level, untilMs, scope: { type: scope.type, id: shown } };
}
