import type { BotStatus, OrganisationStatus } from './dashboard-source.ts';

/** Bots in trouble first, then those with the most calls. */
export function byTrouble(
  a: BotStatus & { readonly calls: number },
  b: BotStatus & { readonly calls: number },
): number {
  return troubleOf(b) - troubleOf(a) || b.calls - a.calls;
}

/** What is nearest to its limit first. */
export function byFullness(
  a: Pick<OrganisationStatus, 'used' | 'max'>,
  b: Pick<OrganisationStatus, 'used' | 'max'>,
): number {
  return b.used / b.max - a.used / a.max;
}

/** How bad the state of the breaker is: 0 is good. */
export function troubleOf({ guard }: Pick<BotStatus, 'guard'>): number {
  if (guard === undefined || guard.breaker === 'closed') return 0;
  return guard.breaker === 'open' ? 2 : 1;
}
