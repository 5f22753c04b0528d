import {
  DTMFDigits,
  type DTMFDigits__Output,
} from '../generated/voice-virtual-agent/com/cisco/wcc/ccai/media/v1/DTMFDigits.ts';

const CHARACTERS = {
  DTMF_EVENT_UNSPECIFIED: '',
  DTMF_DIGIT_ONE: '1',
  DTMF_DIGIT_TWO: '2',
  DTMF_DIGIT_THREE: '3',
  DTMF_DIGIT_FOUR: '4',
  DTMF_DIGIT_FIVE: '5',
  DTMF_DIGIT_SIX: '6',
  DTMF_DIGIT_SEVEN: '7',
  DTMF_DIGIT_EIGHT: '8',
  DTMF_DIGIT_NINE: '9',
  DTMF_DIGIT_ZERO: '0',
  DTMF_DIGIT_A: 'A',
  DTMF_DIGIT_B: 'B',
  DTMF_DIGIT_C: 'C',
  DTMF_DIGIT_D: 'D',
  DTMF_DIGIT_STAR: '*',
  DTMF_DIGIT_POUND: '#',
} as const satisfies Record<DTMFDigits__Output, string>;

const KEYS: ReadonlyMap<string, DTMFDigits__Output> = new Map(
  Object.values(DTMFDigits).map((key) => [CHARACTERS[key], key]),
);

/** Decodes keys to characters `0-9 A-D * #`; a key that is unspecified or unknown is left out. */
export function decodeDigits(keys: readonly DTMFDigits__Output[]): string {
  let digits = '';
  // An unknown key arrives as its number, whatever the type says.
  for (const key of keys) digits += CHARACTERS[key] ?? '';
  return digits;
}

/** Encodes one character of `0-9 A-D * #`; any other gives the unspecified key. */
export function encodeDigit(character: string): DTMFDigits__Output {
  return KEYS.get(character) ?? 'DTMF_EVENT_UNSPECIFIED';
}
