import { describe, expect, it } from 'vitest';

import { toSpeakableText } from '../../src/speech/speakable-text.ts';

describe('speakable text', () => {
  it.each([
    ['Hello, caller.', 'Hello, caller.'],
    ['-o /etc/passwd', '-o /etc/passwd'],
    ['one\ntwo\tthree\0four\u0007', 'one two three four'],
    ['Café Müller, Straße', 'Cafe Muller, Strasse'],
    ['It\u2019s \u201cfine\u201d \u2014 really', 'It\'s "fine" - really'],
    ['That is 5 \u20ac \u{1F600}', 'That is 5 euro'],
  ])('makes one line of ASCII of %j', (text, spoken) => {
    expect(toSpeakableText(text)).toBe(spoken);
  });

  it.each(['', '  ', '...', '\u{1F600}', '\n'])('has nothing to say for %j', (text) => {
    expect(toSpeakableText(text)).toBe('');
  });

  it('fails when nothing of the words can be read', () => {
    expect(() => toSpeakableText('こんにちは')).toThrow(
      expect.objectContaining({ code: 'ERR_SPEECH_FAILED' }),
    );
  });
});
