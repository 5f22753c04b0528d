import { describe, expect, it } from 'vitest';

import { erlangB, placesFor } from '../../loadtest/support/erlang.ts';

describe('Erlang’s formula B', () => {
  it('gives the shares that printed tables give', () => {
    expect(erlangB(1, 1)).toBeCloseTo(0.5, 10);
    expect(erlangB(10, 5)).toBeCloseTo(0.018385, 6);
    expect(erlangB(100, 84.06)).toBeCloseTo(0.01, 4);
  });

  it('turns everybody away where there is no place, and nobody where nobody comes', () => {
    expect(erlangB(0, 3)).toBe(1);
    expect(erlangB(3, 0)).toBe(0);
  });

  it('finds the fewest places that will do', () => {
    for (const [offered, blocking] of [
      [1, 0.5],
      [5, 0.01],
      [1_000, 1e-4],
    ] as const) {
      const places = placesFor(offered, blocking);
      expect(erlangB(places, offered)).toBeLessThanOrEqual(blocking);
      expect(erlangB(places - 1, offered)).toBeGreaterThan(blocking);
    }
  });

  it('needs hardly more than the mean for a million calls', () => {
    const places = placesFor(1_000_000, 1e-4);
    expect(places).toBeGreaterThan(1_000_000);
    expect(places).toBeLessThan(1_010_000);
  });
});
