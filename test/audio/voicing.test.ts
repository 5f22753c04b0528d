import { describe, expect, it } from 'vitest';

import { isVoiced } from '../../src/audio/voicing.ts';
import { noise, toFrames, vowel } from './sounds.ts';

function shareOf(pcm: Int16Array): number {
  const heard = Array.from(toFrames(pcm), (frame) => isVoiced(frame));
  return heard.filter(Boolean).length / heard.length;
}

describe('isVoiced', () => {
  it.each([110, 180, 300])('finds the pitch in most frames of a vowel at %d Hz', (pitchHz) => {
    expect(shareOf(vowel(2000, pitchHz))).toBeGreaterThan(0.7);
  });

  it('finds none in noise and in silence', () => {
    expect(shareOf(noise(20_000, 3000))).toBeLessThan(0.01);
    expect(shareOf(new Int16Array(16_000))).toBe(0);
  });
});
