import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { TokenGeneration } from '../../src/auth/replay-guard.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { generationOf } from '../contracts/replay-store.ts';
import { createReplayRig } from './replay-rig.ts';

const COUNT = 6;
/** Shared by all runs: making them takes longer than a run. */
const metrics = createMetrics();
/** Two of the six share their time of issue and expiry, so that the hash decides. */
const generations = Array.from({ length: COUNT }, (_, index) =>
  generationOf(index === 3 ? 2 : index, { tokenId: `id-${index}`, tokenHash: `hash-${index}` }),
);
const at = (index: number): TokenGeneration => generations[index] ?? generationOf(index);

const arrivals = fc.array(
  fc.record({ index: fc.nat(COUNT - 1), afterMs: fc.constantFrom(0, 0, 400, 1000, 90_000) }),
  { minLength: 1, maxLength: 40 },
);
const overlaps = fc.constantFrom(undefined, 0, 1000);

describe('a guard that sees generations in any order', () => {
  it('never lets a retired generation back in', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, overlaps, async (uses, overlapMs) => {
        const { clock, admit } = createReplayRig({ overlapMs }, { metrics });
        const admitted = new Map<number, number>();
        const refused = new Set<number>();
        for (const { index, afterMs } of uses) {
          clock.advance(afterMs);
          const word = await admit(at(index));
          if (word !== 'admitted') {
            expect(word).toBe('ERR_AUTH_SUPERSEDED');
            refused.add(index);
            continue;
          }
          expect(refused).not.toContain(index);
          const newer = [...admitted].filter(([other]) => other > index);
          expect(newer.length).toBeLessThan(2);
          for (const [, sinceMs] of newer)
            if (overlapMs !== undefined) expect(clock.now()).toBeLessThan(sinceMs + overlapMs);
          if (!admitted.has(index)) admitted.set(index, clock.now());
        }
      }),
    );
  });

  it('never refuses the newest', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, overlaps, async (uses, overlapMs) => {
        const { clock, admit } = createReplayRig({ overlapMs }, { metrics });
        let newest = -1;
        for (const { index, afterMs } of uses) {
          clock.advance(afterMs);
          newest = Math.max(newest, index);
          await admit(at(index));
          expect(await admit(at(newest))).toBe('admitted');
        }
      }),
    );
  });

  it('ends in the same place, whatever the order', async () => {
    const everything = fc.shuffledSubarray(generations, { minLength: COUNT, maxLength: COUNT });
    await fc.assert(
      fc.asyncProperty(everything, async (order) => {
        const { admit } = createReplayRig({}, { metrics });
        for (const generation of order) await admit(generation);
        const words = await Promise.all(generations.map((generation) => admit(generation)));
        const isLive = words.map((word) => word === 'admitted');
        expect(isLive).toEqual([false, false, false, false, true, true]);
      }),
    );
  });
});
