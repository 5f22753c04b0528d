import { describe, expect, it } from 'vitest';

import { isWithoutNews } from '../../src/conversation/ear.ts';

const silent = {
  type: 'audio',
  audio: new Uint8Array(0),
  encoding: undefined,
  sampleRateHz: 0,
  languageCode: '',
} as const;

describe('a message of audio that has no sound', () => {
  it('opens no ear as long as it says what an ear takes for granted', () => {
    expect(isWithoutNews(silent)).toBe(true);
    expect(isWithoutNews({ ...silent, encoding: 'mulaw', sampleRateHz: 8000 })).toBe(true);
  });

  it('is heard when it declares another format, or one that is to be refused', () => {
    expect(isWithoutNews({ ...silent, encoding: 'linear16' })).toBe(false);
    expect(isWithoutNews({ ...silent, sampleRateHz: 16_000 })).toBe(false);
    expect(isWithoutNews({ ...silent, sampleRateHz: 44_100 })).toBe(false);
  });

  it('is no such message when it has any', () => {
    expect(isWithoutNews({ ...silent, audio: new Uint8Array(3) })).toBe(false);
  });
});
