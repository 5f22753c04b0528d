import { TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';
import type { Clock } from '../core/clock.ts';

/**
 * What the caller is probably hearing. Webex reports nothing of its loudspeaker, so this is reckoned: it begins to play
 * when the first byte is sent and plays at the speed of sound on a telephone. The truth is a network delay later.
 */
export interface Playback {
  /** Sound was sent: `bytes` of µ-law. */
  sent(bytes: number, bargeIn: boolean): void;
  /** Whether a prompt that must not be interrupted is still playing. */
  isUninterruptible(): boolean;
  /** The caller cut in: forgets what was not played. Returns how much was heard, `undefined` when nothing was playing. */
  cut(): { readonly heardMs: number } | undefined;
}

/** Creates the reckoning of one call. */
export function createPlayback(clock: Clock): Playback {
  let startedAtMs = 0;
  let untilMs = 0;
  let uninterruptibleUntilMs = 0;
  // A clock that was set back says nothing of what plays: better to hear the caller than to be deaf until it catches up.
  const isBefore = (now: number, endMs: number): boolean => startedAtMs <= now && now < endMs;
  return {
    sent(bytes, bargeIn) {
      const now = clock.now();
      if (!isBefore(now, untilMs)) {
        startedAtMs = now;
        untilMs = now;
      }
      untilMs += bytes / TELEPHONE_BYTES_PER_MS;
      if (!bargeIn) uninterruptibleUntilMs = untilMs;
    },
    isUninterruptible: () => isBefore(clock.now(), uninterruptibleUntilMs),
    cut() {
      const now = clock.now();
      if (!isBefore(now, untilMs)) return undefined;
      untilMs = now;
      return { heardMs: Math.round(now - startedAtMs) };
    },
  };
}
