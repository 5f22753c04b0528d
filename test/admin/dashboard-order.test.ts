import { expect, it } from 'vitest';

import { byFullness, byTrouble } from '../../src/admin/dashboard-order.ts';

it('bots in trouble come first, then those with the most calls', () => {
  const bot = (agent: string, breaker: 'closed' | 'open' | 'half-open', calls: number) => ({
    agent,
    name: agent,
    bot: 'script',
    calls,
    guard: { breaker, inFlight: 0, maxConcurrent: 10 },
  });
  const bots = [
    bot('quiet', 'closed', 0),
    bot('busy', 'closed', 9),
    bot('tried', 'half-open', 0),
    bot('broken', 'open', 0),
  ];
  expect(bots.sort(byTrouble).map(({ agent }) => agent)).toEqual([
    'broken',
    'tried',
    'busy',
    'quiet',
  ]);
});

it('what is nearest to its limit comes first', () => {
  const limits = [
    { used: 5, max: 100 },
    { used: 2, max: 2 },
  ];
  expect(limits.sort(byFullness)[0]).toEqual({ used: 2, max: 2 });
});
