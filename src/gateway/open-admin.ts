import type { Admin, AdminDeps, AdminOptions } from '../admin/start-admin.ts';
import type { LogLevelTable } from '../telemetry/log-levels.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Opens what shows the gateway to operators. */
export type OpenAdmin = (
  listen: AdminOptions,
  deps: AdminDeps & {
    readonly registry: Metrics['registry'];
    /** The levels that differ in this process. */
    readonly logLevels: Pick<LogLevelTable, 'replace'>;
  },
) => Promise<Admin>;
