import type { DataSource } from '../auth/data-sources.ts';
import type { Config } from '../config/config.ts';
import { toOrganisations } from './load-agents.ts';

/** Data sources of the configuration, quick to ask. */
export function toDataSources({ dataSources }: Pick<Config, 'dataSources'>): readonly DataSource[] {
  return dataSources.map((source) => ({
    ...source,
    organisations: toOrganisations(source.organisations),
  }));
}
