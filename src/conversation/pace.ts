import type { Clock } from '../core/clock.ts';
import type { Playback } from './playback.ts';

/**
 * How much sound may be on its way to the caller before a bot is asked for more, in milliseconds. Longer than most prompts,
 * which leave as soon as they are there; a bot that never stops would otherwise fill every queue with what is thrown away
 * when the caller speaks, and take the processor for it.
 */
const MAX_AHEAD_MS = 60_000;

/**
 * Resolves when the caller has heard so much that a bot may go on; `undefined`: it may at once. Nobody need wait for it: it
 * leaves nothing but a timer.
 */
export function keepPace(
  playback: Pick<Playback, 'endsAtMs'>,
  clock: Clock,
): Promise<void> | undefined {
  const earlyMs = playback.endsAtMs() - clock.now() - MAX_AHEAD_MS;
  if (earlyMs <= 0) return undefined;
  return new Promise((resolve) => {
    clock.setTimer(earlyMs, resolve);
  });
}
