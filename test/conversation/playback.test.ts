import { describe, expect, it } from 'vitest';

import { createPlayback } from '../../src/conversation/playback.ts';

describe('the reckoning of what is heard', () => {
  it('makes nobody deaf when the clock is set back', () => {
    let now = 1_000_000;
    const playback = createPlayback({
      now: () => now,
      setTimer: () => ({ cancel: () => undefined }),
    });
    playback.sent(80, false);
    now -= 500_000;
    expect(playback.isUninterruptible()).toBe(false);
    expect(playback.cut()).toBeUndefined();
    playback.sent(8_000, true);
    now += 100;
    expect(playback.cut()).toEqual({ heardMs: 100 });
  });
});
