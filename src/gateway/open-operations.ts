import type { Operations, RevocationEffect } from '../admin/operations-routes.ts';
import type { DataSources } from '../auth/data-sources.ts';

/** What operators may do on the admin port; nothing without a token. */
export function openOperations(
  token: string | undefined,
  dataSources: Pick<DataSources, 'revoke' | 'restore' | 'revoked'>,
  endUnwelcome: () => RevocationEffect,
): Operations | undefined {
  if (token === undefined) return undefined;
  return {
    token,
    revocations: {
      revoke(what) {
        dataSources.revoke(what);
        return endUnwelcome();
      },
      restore: dataSources.restore,
      revoked: dataSources.revoked,
    },
  };
}
