import { describe, expect, it } from 'vitest';

import { type SimulationOptions, simulate } from '../../loadtest/support/capacity-simulation.ts';

const options: SimulationOptions = {
  calls: 2_000,
  meanCallSeconds: 60,
  turnsPerCall: 10,
  replicas: 4,
  balancing: 'round-robin',
  seconds: 40,
  deathAtSecond: 20,
  seed: 7,
};

describe('the simulation of many calls', () => {
  it('is the same each time', () => {
    expect(simulate(options)).toEqual(simulate(options));
  });

  it('keeps as many calls as come on the mean, and spreads them', () => {
    const { calls, callsAtReplica } = simulate(options);
    const mean = calls.reduce((sum, one) => sum + one, 0) / calls.length;
    expect(mean).toBeGreaterThan(1_800);
    expect(mean).toBeLessThan(2_200);
    for (const held of callsAtReplica) expect(Math.abs(held - 500)).toBeLessThan(150);
  });

  it('asks twice a turn, once a call that ends, and once a second from each process', () => {
    const { questionsPerSecond } = simulate({ ...options, calls: 20_000 });
    const early = questionsPerSecond.slice(0, 20);
    const mean = early.reduce((sum, one) => sum + one, 0) / early.length;
    const expected = 20_000 * ((2 * 10) / 60 + 1 / 60) + 4;
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.05);
  });

  it('moves all calls of a process that dies to the others, and none back', () => {
    const { movedCalls, mostMovedToOne, callsAfterDeath, questionsPerSecond } = simulate(options);
    expect(movedCalls).toBeGreaterThan(350);
    expect(mostMovedToOne).toBe(Math.ceil(movedCalls / 3));
    expect(callsAfterDeath).toHaveLength(3 * 10);
    for (const held of callsAfterDeath) expect(Math.abs(held - 667)).toBeLessThan(150);
    expect(questionsPerSecond[20]).toBeGreaterThan((questionsPerSecond[19] ?? 0) + movedCalls / 2);
  });
});
