import type { Clock, Timer } from '../core/clock.ts';
import type { DigitSettings } from '../handlers/listen-settings.ts';

/** Used when neither bot nor agent says: three seconds, as Cisco's own sample does. */
const DEFAULT_INTER_DIGIT_TIMEOUT_MS = 3_000;
const DEFAULT_MAX_LENGTH = 64;

/** Collects the digits of one input. */
export interface DigitCollector {
  /** Adds digits; calls back as soon as the input is complete. */
  add(digits: string): void;
  /** No more digits will come: completes the input with what is there. */
  finish(): void;
  /** Stops the timer; nothing is called back any more. */
  close(): void;
}

/**
 * Creates a collector that ends the input at its length, at its terminator, or when the next digit is late.
 *
 * Webex collects by the same rules before it sends, so in a real call the first message is complete.
 *
 * @param onComplete Called once with the digits, terminator stripped; an empty string means no input.
 */
export function createDigitCollector(
  settings: DigitSettings,
  clock: Clock,
  onComplete: (digits: string) => void,
): DigitCollector {
  const maxLength = settings.maxLength ?? DEFAULT_MAX_LENGTH;
  const timeoutMs = settings.interDigitTimeoutMs ?? DEFAULT_INTER_DIGIT_TIMEOUT_MS;
  let collected = '';
  let isDone = false;
  let timer: Timer | undefined;

  const complete = (): void => {
    if (isDone) return;
    isDone = true;
    timer?.cancel();
    onComplete(collected);
  };
  return {
    add(digits) {
      if (isDone) return;
      timer?.cancel();
      const end = settings.terminator === undefined ? -1 : digits.indexOf(settings.terminator);
      collected = (collected + (end < 0 ? digits : digits.slice(0, end))).slice(0, maxLength);
      if (end >= 0 || collected.length >= maxLength || digits === '') complete();
      else timer = clock.setTimer(timeoutMs, complete);
    },
    finish: complete,
    close() {
      isDone = true;
      timer?.cancel();
    },
  };
}
