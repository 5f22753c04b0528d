import type { CallName, DashboardSource, DashboardView } from '../admin/dashboard-source.ts';
import type { AdminDeps } from '../admin/start-admin.ts';
import type { Clock } from '../core/clock.ts';
import { createLogLevels } from '../telemetry/log-levels.ts';
import type { OpenAdmin } from '../gateway/open-admin.ts';
import { type Asked, askWorkers } from './ask-workers.ts';
import type { Channel } from './channel.ts';
import { fromSharedCall, mergeDashboards } from './merge-dashboards.ts';

/** What the page of all workers is made of. */
export interface WorkerDashboardDeps extends Pick<DashboardSource, 'totals' | 'drain'> {
  readonly clock: Pick<Clock, 'now'>;
  readonly workers: () => readonly Asked[];
}

/** The page of all workers, on the admin port of the primary. */
export interface WorkerDashboards {
  readonly source: DashboardSource;
  /** Has a worker that has just started take over the log levels that are in force. */
  welcome(worker: Asked): void;
}

/** The page is drawn once a second: who takes longer is left out of it. */
const VIEW_TIMEOUT_MS = 500;

/** Creates the page: what workers see, as one view, and log levels that hold in all of them. */
export function createWorkerDashboards(deps: WorkerDashboardDeps): WorkerDashboards {
  const { workers, totals, drain } = deps;
  const levels = createLogLevels(deps.clock);
  // Always all of them, so that one message lost or late is made good by the next.
  const tell = (to: readonly Asked[]): Promise<unknown> =>
    askWorkers(to, 'log-levels', levels.list(), VIEW_TIMEOUT_MS);
  return {
    source: {
      async view() {
        const views = await askWorkers(workers(), 'view', undefined, VIEW_TIMEOUT_MS);
        return mergeDashboards(
          views.map(({ worker, answer }) => ({ worker, view: answer as DashboardView })),
        );
      },
      totals,
      async find(shared) {
        const { worker, call } = fromSharedCall(shared);
        const owners = workers().filter((one) => one.worker === worker);
        const [found] = await askWorkers(owners, 'call', call, VIEW_TIMEOUT_MS);
        return found?.answer as CallName | undefined;
      },
      drain,
      logLevels: {
        list: levels.list,
        async set(change) {
          const active = levels.set(change);
          await tell(workers());
          return active;
        },
        async clear(id) {
          const isCleared = levels.clear(id);
          if (isCleared) await tell(workers());
          return isCleared;
        },
      },
    },
    welcome: (worker) => void tell([worker]),
  };
}

/** A worker's side: it shows itself to its primary instead of on a port. */
export async function showToPrimary(
  channel: Channel,
  {
    dashboard,
    logLevels,
  }: Pick<AdminDeps, 'dashboard'> & Pick<Parameters<OpenAdmin>[1], 'logLevels'>,
): Promise<void> {
  channel.answer('view', () => dashboard?.view());
  channel.answer('call', (call) => dashboard?.find(Number(call)));
  channel.answer('log-levels', (all) =>
    logLevels.replace(all as Parameters<typeof logLevels.replace>[0]),
  );
  // The levels themselves come as that question, in the order in which they were changed.
  await channel.ask('welcome');
}
