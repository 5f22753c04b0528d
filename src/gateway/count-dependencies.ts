import type { DependencyCounts } from '../admin/health-routes.ts';
import type { IssuerKeyStatus, KeySource } from '../auth/key-source.ts';
import type { Agent } from '../conversation/agent.ts';
import { isGuarded } from '../handlers/guarded/guard-bot.ts';

/** Counts what the gateway depends on by its state: keys of issuers, and breakers before bots. */
export function countDependencies(
  keys: Pick<KeySource, 'status'>,
  agents: readonly Agent[],
): DependencyCounts {
  return {
    keys: countStates(keys.status().map(stateOf), ['fresh', 'stale', 'missing']),
    bots: countStates(
      agents.flatMap(({ bot }) => (isGuarded(bot) ? bot.state() : [])),
      ['closed', 'half-open', 'open'],
    ),
  };
}

function stateOf({ keys, isStale }: IssuerKeyStatus): string {
  if (keys === 0) return 'missing';
  return isStale ? 'stale' : 'fresh';
}

function countStates(
  states: readonly string[],
  all: readonly string[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    all.map((name) => [name, states.filter((state) => state === name).length]),
  );
}
