import type { DTMFInputConfig__Output } from '../protocols/generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/DTMFInputConfig.ts';
import { decodeDigits } from '../protocols/voice-virtual-agent/digits.ts';

/** Collects the keys of one input, as Webex does before it sends them. */
export interface Keypad {
  /** A key was pressed; gives the digits when that completes them. */
  press(key: string): string | undefined;
  /** Time went by; gives the digits when the next key is too late. */
  wait(ms: number): string | undefined;
}

/** Used when the gateway does not say: what Cisco's samples configure, and the key they call the default. */
const DEFAULT_INTER_DIGIT_TIMEOUT_MS = 3000;
const DEFAULT_TERMINATOR = '#';
const MAX_DIGITS = 64;

/**
 * Creates the collector of one input.
 *
 * The terminator is part of what is sent: the contract does not say, and that is the harder case for a gateway.
 *
 * @param config What the last answer said; `null` when it said nothing.
 * @see protocol.md section 2.3, F2
 */
export function createKeypad(config: DTMFInputConfig__Output | null): Keypad {
  const maxLength = Math.min(config?.dtmf_input_length || MAX_DIGITS, MAX_DIGITS);
  const timeoutMs = config?.inter_digit_timeout_msec || DEFAULT_INTER_DIGIT_TIMEOUT_MS;
  const terminator = config === null ? DEFAULT_TERMINATOR : decodeDigits([config.termchar]);
  let digits = '';
  let waitedMs = 0;
  return {
    press(key) {
      digits += key;
      waitedMs = 0;
      return key === terminator || digits.length >= maxLength ? digits : undefined;
    },
    wait(ms) {
      waitedMs += ms;
      return waitedMs >= timeoutMs ? digits : undefined;
    },
  };
}
