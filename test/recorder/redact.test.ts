import { describe, expect, it } from 'vitest';

import { redactDeed, redactDigits, redactListen, redactName } from '../../src/recorder/redact.ts';

const measure = (): number => 160;

describe('redact', () => {
  it('keeps of keys how many there were, and what ends them', () => {
    expect(redactDigits('12*3#A', '#')).toBe('00*0#A');
    expect(redactDigits('125', '5')).toBe('005');
    expect(redactDigits('120', '0')).toBe('110');
    expect(redactDigits('12 \u001B[m', undefined)).toBe('00');
  });

  it('keeps of names what looks like one, without figures', () => {
    expect(redactName('sales.EU-2')).toBe('sales.EU-0');
    for (const name of ['waterloo sunset', 'a'.repeat(65), 7, undefined, '\u001B[m'])
      expect(redactName(name)).toBe('(hidden)');
  });

  it('keeps of settings figures and words of ours, and nothing of what is none', () => {
    expect(
      redactListen({
        mode: 'digits',
        digits: { maxLength: 3, note: 'secret' },
        sensitive: true,
        note: 'secret',
      }),
    ).toEqual({ mode: 'digits', digits: { maxLength: 3 }, speech: {}, sensitive: true });
    for (const settings of [
      { mode: 'secret' },
      { mode: 'voice', digits: { terminator: 'secret' } },
      { mode: 'voice', speech: { maxSpeechMs: 'secret' } },
      'secret',
    ])
      expect(redactListen(settings)).toBeUndefined();
  });

  it('keeps the shape of what a bot gives, whatever it gives', () => {
    expect(redactDeed({ type: 'say', text: 'secret', bargeIn: 'none' }, measure)).toEqual({
      kind: 'say',
      bargeIn: 'none',
    });
    expect(redactDeed({ type: 'say', text: 7, bargeIn: 'secret' }, measure)).toEqual({
      kind: 'say',
      isBad: true,
    });
    expect(redactDeed({ type: 'audio', audio: 'secret' }, measure)).toEqual({
      kind: 'audio',
      bytes: 160,
    });
    const bad = redactDeed({ type: 'audio' }, () => {
      throw new TypeError('secret');
    });
    expect(bad).toEqual({ kind: 'audio', bytes: 0, isBad: true });
    for (const output of [
      'secret',
      null,
      { type: 'secret' },
      { type: 'give-up', reason: 'secret' },
      { type: 'listen', settings: { mode: 'secret' } },
    ])
      expect(redactDeed(output, measure)).toEqual({ kind: 'wrong' });
  });
});
