import { describe, expect, it } from 'vitest';

import { costDifference } from '../../loadtest/support/cost-figures.ts';

const cost = (id: string, ...rounds: readonly number[]) => ({
  id,
  name: id,
  micros: rounds.reduce((sum, one) => sum + one, 0) / rounds.length,
  rounds,
  count: rounds.length,
});

describe('the difference between two costs', () => {
  it('has a standard error, from how much their rounds differ', () => {
    const costs = [cost('plain', 10, 12, 14), cost('tls', 20, 20, 20)];
    const { micros, error } = costDifference(costs, 'tls', 'plain');
    expect(micros).toBe(8);
    expect(error).toBeCloseTo(Math.sqrt(4 / 3), 10);
  });

  it('has none where there was one round, and is nothing where one was not measured', () => {
    const costs = [cost('plain', 10), cost('tls', 13)];
    expect(costDifference(costs, 'tls', 'plain').micros).toBe(3);
    expect(costDifference(costs, 'tls', 'plain').error).toBeNaN();
    expect(costDifference(costs, 'tls', 'elsewhere').micros).toBeNaN();
  });
});
