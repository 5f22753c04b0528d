import { describe, expect, it } from 'vitest';

import { createTextCollector } from '../../../src/speech/recognisers/text-collector.ts';

describe('createTextCollector', () => {
  it('joins final pieces with a space, and leaves empty ones out', () => {
    const text = createTextCollector();
    for (const piece of ['my account', '', '  ', ' is closed ']) text.add(piece, undefined);
    expect(text.recognition()).toEqual({ text: 'my account is closed', confidence: undefined });
  });

  it('weighs how sure a piece is by its words', () => {
    const text = createTextCollector();
    text.add('one two three', 1);
    text.add('four', 0.6);
    text.add('', 0);
    expect(text.recognition().confidence).toBeCloseTo(0.9);
  });

  it('puts the last guess behind what is final, and forgets it when it became final', () => {
    const text = createTextCollector();
    expect(text.guessed()).toBeUndefined();
    text.guess('yes');
    text.guess('yes please');
    expect(text.guessed()?.text).toBe('yes please');
    expect(text.recognition().text).toBe('');
    text.add('yes, please', 0.8);
    text.guess('do');
    expect(text.guessed()?.text).toBe('yes, please do');
    text.add('do it', 0.8);
    expect(text.guessed()?.text).toBe('yes, please do it');
  });

  it('refuses more text than anybody can say', () => {
    const text = createTextCollector();
    expect(() => {
      for (;;) text.add('flood '.repeat(100), 1);
    }).toThrow(expect.objectContaining({ code: 'ERR_SPEECH_FAILED' }));
  });
});
