import type { Operations, RevocationEffect } from '../admin/operations-routes.ts';
import type { DataSources, Revocable } from '../auth/data-sources.ts';
import { type Asked, askWorkers } from './ask-workers.ts';

/** What operators may do to all workers; nothing without a token. */
export function createWorkerOperations(
  token: string | undefined,
  workers: () => readonly Asked[],
  revocations: Pick<DataSources, 'revoke' | 'restore' | 'revoked'>,
): Operations | undefined {
  if (token === undefined) return undefined;
  return {
    token,
    revocations: {
      async revoke(what: Revocable) {
        revocations.revoke(what);
        const effects = await askWorkers(workers(), 'revoke', what);
        return effects.reduce<RevocationEffect>(
          (sum, { answer }) => addEffect(sum, answer as RevocationEffect),
          { conversations: 0, streams: 0 },
        );
      },
      async restore(what: Revocable) {
        const wasRevoked = revocations.restore(what);
        await askWorkers(workers(), 'restore', what);
        return wasRevoked;
      },
      revoked: revocations.revoked,
    },
  };
}

function addEffect(one: RevocationEffect, other: RevocationEffect): RevocationEffect {
  return {
    conversations: one.conversations + other.conversations,
    streams: one.streams + other.streams,
  };
}
