import { TELEPHONE_BYTES_PER_MS } from '../audio/audio-format.ts';
import type { Clock } from '../core/clock.ts';
import type { Interruption } from '../handlers/bot-handler.ts';
import { type BargeInBy, type Interrupter, allows } from './barge-in.ts';
import { type HeardText, createHeardText } from './heard-text.ts';

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

/** When what was sent plays, in milliseconds since the epoch; what another process must know of it. */
export interface PlaybackTimes {
  readonly startedAtMs: number;
  readonly untilMs: number;
  readonly closedToSpeechUntilMs: number;
  readonly closedToDigitsUntilMs: number;
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
  isPlaying(): boolean;
  /** When what was sent has been played, in milliseconds since the epoch; in the past when nothing plays. */
  endsAtMs(): number;
  /** The caller cut in: forgets what was not played. `undefined` when nothing was playing. */
  cut(): CutOff | undefined;
  times(): PlaybackTimes;
  /** Takes over what another process has sent; its sound and words are not known here. */
  restore(times: PlaybackTimes): void;
}

/** One minute: more of a prompt is not taken up again. */
const MAX_UNHEARD_BYTES = 60_000 * TELEPHONE_BYTES_PER_MS;

/** Creates the reckoning of one call. @param protectMs The beginning of what plays that nothing cuts short. */
export function createPlayback(clock: Clock, protectMs: number): Playback {
  return new ReckonedPlayback(clock, protectMs);
}

/** One object a call, hence a class. */
class ReckonedPlayback implements Playback {
  readonly #clock: Clock;
  readonly #protectMs: number;
  #startedAtMs = 0;
  #untilMs = 0;
  #closedToSpeechUntilMs = 0;
  #closedToDigitsUntilMs = 0;
  /** What was sent since the start; nothing as soon as somebody sees that it has been played. */
  #sounds: UnheardSound[] | undefined;
  #soundBytes = 0;
  /** Sent since the start. */
  #runBytes = 0;
  /** Made for a bot whose words are known. */
  #text: HeardText | undefined;

  constructor(clock: Clock, protectMs: number) {
    this.#clock = clock;
    this.#protectMs = protectMs;
  }

  speaking(words: string, bytes: number): void {
    if (words !== '') this.#text ??= createHeardText(this.isPlaying() ? this.#runBytes : 0);
    this.#text?.add(words, bytes);
  }

  sent(audio: Uint8Array, by: BargeInBy): void {
    const now = this.#clock.now();
    if (!this.#isBefore(now, this.#untilMs)) this.#begin(now);
    this.#text?.sent(audio.length);
    this.#runBytes += audio.length;
    this.#untilMs += audio.length / TELEPHONE_BYTES_PER_MS;
    if (!allows(by, 'speech')) this.#closedToSpeechUntilMs = this.#untilMs;
    if (!allows(by, 'digits')) this.#closedToDigitsUntilMs = this.#untilMs;
    if (this.#soundBytes >= MAX_UNHEARD_BYTES) return;
    (this.#sounds ??= []).push({ audio, by });
    this.#soundBytes += audio.length;
  }

  isClosedTo(interrupter: Interrupter): boolean {
    const now = this.#clock.now();
    if (!this.#isBefore(now, this.#untilMs)) {
      if (this.#soundBytes > 0) this.#forget();
      return false;
    }
    const closedUntilMs =
      interrupter === 'speech' ? this.#closedToSpeechUntilMs : this.#closedToDigitsUntilMs;
    return now < closedUntilMs || now - this.#startedAtMs < this.#protectMs;
  }

  isPlaying(): boolean {
    return this.#isBefore(this.#clock.now(), this.#untilMs);
  }

  endsAtMs(): number {
    return this.#untilMs;
  }

  cut(): CutOff | undefined {
    const now = this.#clock.now();
    if (!this.#isBefore(now, this.#untilMs)) return undefined;
    this.#untilMs = now;
    const heardMs = Math.round(now - this.#startedAtMs);
    const heardBytes = heardMs * TELEPHONE_BYTES_PER_MS;
    const unheard = unheardOf(this.#sounds ?? [], heardBytes);
    this.#forget();
    return { heardMs, heardText: this.#text?.cut(heardBytes) ?? '', unheard };
  }

  times(): PlaybackTimes {
    return {
      startedAtMs: this.#startedAtMs,
      untilMs: this.#untilMs,
      closedToSpeechUntilMs: this.#closedToSpeechUntilMs,
      closedToDigitsUntilMs: this.#closedToDigitsUntilMs,
    };
  }

  restore(times: PlaybackTimes): void {
    this.#startedAtMs = times.startedAtMs;
    this.#untilMs = times.untilMs;
    this.#closedToSpeechUntilMs = times.closedToSpeechUntilMs;
    this.#closedToDigitsUntilMs = times.closedToDigitsUntilMs;
  }

  /** A clock that was set back says nothing of what plays: better to hear the caller than to be deaf until it catches up. */
  #isBefore(now: number, endMs: number): boolean {
    return this.#startedAtMs <= now && now < endMs;
  }

  #begin(now: number): void {
    this.#startedAtMs = now;
    this.#untilMs = now;
    this.#runBytes = 0;
    this.#forget();
    this.#text?.begin();
  }

  #forget(): void {
    this.#sounds = undefined;
    this.#soundBytes = 0;
  }
}

function unheardOf(sounds: readonly UnheardSound[], heardBytes: number): readonly UnheardSound[] {
  let skip = heardBytes;
  return sounds.flatMap((sound) => {
    const skipped = Math.min(skip, sound.audio.length);
    skip -= skipped;
    if (skipped === sound.audio.length) return [];
    return skipped === 0 ? sound : { ...sound, audio: sound.audio.subarray(skipped) };
  });
}
