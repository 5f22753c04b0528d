import { expect, it } from 'vitest';
import { decodeDigits, encodeDigit } from '../../../src/protocols/voice-virtual-agent/digits.ts';

it('every character of a keypad comes back as itself', () => {
  const keypad = '0123456789ABCD*#'.split('');
  expect(decodeDigits(keypad.map(encodeDigit))).toBe(keypad.join(''));
});

it('a character that no keypad has encodes as the unspecified key', () => {
  expect(encodeDigit('x')).toBe('DTMF_EVENT_UNSPECIFIED');
  expect(encodeDigit('')).toBe('DTMF_EVENT_UNSPECIFIED');
});
