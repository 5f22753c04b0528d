import type { Clock } from '../core/clock.ts';
import type { Playback } from './playback.ts';

/**
 * How much sound may be on its way to the caller before a bot is asked for more, in milliseconds. Longer than most prompts,
 * which leave as soon as they are there; a bot that never stops would otherwise fill every queue with what is thrown away
 * when the caller speaks, and take the processor for it.
 */
const MAX_AHEAD_MS = 60_000;

/**
 * How long a bot should wait until the caller has heard so much that it may go on, in milliseconds; 0: it may at once.
 */
export function aheadMs(playback: Pick<Playback, 'endsAtMs'>, clock: Pick<Clock, 'now'>): number {
  return Math.max(0, playback.endsAtMs() - clock.now() - MAX_AHEAD_MS);
}
