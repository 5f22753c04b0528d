import { describe, expect, it } from 'vitest';

import { aheadMs } from '../../src/conversation/pace.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('the pace of a bot', () => {
  it('is its own until a minute of sound wait to be heard', () => {
    const clock = createFakeClock();
    expect(aheadMs({ endsAtMs: () => 0 }, clock)).toBe(0);
    expect(aheadMs({ endsAtMs: () => clock.now() + 60_000 }, clock)).toBe(0);
  });

  it('is then that of the caller who listens', () => {
    const clock = createFakeClock();
    const endsAtMs = clock.now() + 60_500;
    expect(aheadMs({ endsAtMs: () => endsAtMs }, clock)).toBe(500);
    clock.advance(499);
    expect(aheadMs({ endsAtMs: () => endsAtMs }, clock)).toBe(1);
    clock.advance(1);
    expect(aheadMs({ endsAtMs: () => endsAtMs }, clock)).toBe(0);
  });
});
