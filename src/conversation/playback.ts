import { TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';
import type { Clock } from '../core/clock.ts';
import type { Interruption } from '../handlers/bot-handler.ts';
import { type BargeInBy, type Interrupter, allows } from './barge-in.ts';
import { createHeardText } from './heard-text.ts';

/** Sound that was sent and not heard: µ-law, 8000 Hz, mono. */
export interface UnheardSound {
  readonly audio: Uint8Array;
  readonly by: BargeInBy;
}

/** What the caller cut off. */
export interface CutOff extends Interruption {
  /** What was not heard, in order, at most {@link MAX_UNHEARD_BYTES} of it. */
  readonly unheard: readonly UnheardSound[];
}

/**
 * What the caller is probably hearing. Webex reports nothing of its loudspeaker, so this is reckoned: it begins to play
 * when the first byte is sent and plays at the speed of sound on a telephone. The truth is a network delay later.
 */
export interface Playback {
  /** `bytes` of sound will be sent next, in which `text` is spoken; empty when nobody knows. */
  speaking(text: string, bytes: number): void;
  /** Sound was sent: µ-law, which must not change. */
  sent(audio: Uint8Array, by: BargeInBy): void;
  /** Whether something plays that `interrupter` must not cut short. */
  isClosedTo(interrupter: Interrupter): boolean;
  readonly isPlaying: () => boolean;
  /** When what was sent has been played, in milliseconds since the epoch; in the past when nothing plays. */
  readonly endsAtMs: () => number;
  /** The caller cut in: forgets what was not played. `undefined` when nothing was playing. */
  cut(): CutOff | undefined;
}

/** One minute: more of a prompt is not taken up again. */
export const MAX_UNHEARD_BYTES = 60_000 * TELEPHONE_BYTES_PER_MS;

/** Creates the reckoning of one call. @param protectMs The beginning of what plays that nothing cuts short. */
export function createPlayback(clock: Clock, protectMs: number): Playback {
  let startedAtMs = 0;
  let untilMs = 0;
  let closedToSpeechUntilMs = 0;
  let closedToDigitsUntilMs = 0;
  /** What was sent since the start; empty as soon as somebody sees that it has been played. */
  let sounds: UnheardSound[] = [];
  let soundBytes = 0;
  const text = createHeardText();

  // A clock that was set back says nothing of what plays: better to hear the caller than to be deaf until it catches up.
  const isBefore = (now: number, endMs: number): boolean => startedAtMs <= now && now < endMs;
  const forget = (): void => {
    sounds = [];
    soundBytes = 0;
  };
  const unheardFrom = (heardBytes: number): UnheardSound[] => {
    let skip = heardBytes;
    return sounds.flatMap((sound) => {
      const skipped = Math.min(skip, sound.audio.length);
      skip -= skipped;
      if (skipped === sound.audio.length) return [];
      return skipped === 0 ? sound : { ...sound, audio: sound.audio.subarray(skipped) };
    });
  };
  return {
    speaking: text.add,
    sent(audio, by) {
      const now = clock.now();
      if (!isBefore(now, untilMs)) {
        startedAtMs = now;
        untilMs = now;
        forget();
        text.begin();
      }
      text.sent(audio.length);
      untilMs += audio.length / TELEPHONE_BYTES_PER_MS;
      if (!allows(by, 'speech')) closedToSpeechUntilMs = untilMs;
      if (!allows(by, 'digits')) closedToDigitsUntilMs = untilMs;
      if (soundBytes >= MAX_UNHEARD_BYTES) return;
      sounds.push({ audio, by });
      soundBytes += audio.length;
    },
    isClosedTo(interrupter) {
      const now = clock.now();
      if (!isBefore(now, untilMs)) {
        if (soundBytes > 0) forget();
        return false;
      }
      const closedUntilMs =
        interrupter === 'speech' ? closedToSpeechUntilMs : closedToDigitsUntilMs;
      return now < closedUntilMs || now - startedAtMs < protectMs;
    },
    isPlaying: () => isBefore(clock.now(), untilMs),
    endsAtMs: () => untilMs,
    cut() {
      const now = clock.now();
      if (!isBefore(now, untilMs)) return undefined;
      untilMs = now;
      const heardMs = Math.round(now - startedAtMs);
      const heardBytes = heardMs * TELEPHONE_BYTES_PER_MS;
      const unheard = unheardFrom(heardBytes);
      forget();
      return { heardMs, heardText: text.cut(heardBytes), unheard };
    },
  };
}
