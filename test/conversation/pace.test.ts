import { describe, expect, it } from 'vitest';

import { keepPace } from '../../src/conversation/pace.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('the pace of a bot', () => {
  it('is its own until a minute of sound wait to be heard', () => {
    const clock = createFakeClock();
    expect(keepPace({ endsAtMs: () => 0 }, clock)).toBeUndefined();
    expect(keepPace({ endsAtMs: () => clock.now() + 60_000 }, clock)).toBeUndefined();
  });

  it('is then that of the caller who listens', async () => {
    const clock = createFakeClock();
    const endsAtMs = clock.now() + 60_500;
    let mayGoOn = false;
    const wait = async (): Promise<void> => {
      await keepPace({ endsAtMs: () => endsAtMs }, clock);
      mayGoOn = true;
    };
    const pacing = wait();
    clock.advance(499);
    await new Promise(setImmediate);
    expect(mayGoOn).toBe(false);
    clock.advance(1);
    await pacing;
    expect(mayGoOn).toBe(true);
  });
});
