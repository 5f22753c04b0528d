import { describe, expect, it } from 'vitest';

import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import { dtmfFrequencies, dtmfTone, silence, sine } from '../../src/audio/tones.ts';
import { amplitudeAt } from './sounds.ts';

const ALL_HZ = [697, 770, 852, 941, 1209, 1336, 1477, 1633];

describe('tones', () => {
  it.each(Array.from('0123456789ABCD*#'))(
    'rings the two frequencies of %s and no other',
    (digit) => {
      const mulaw = dtmfTone(digit, 200);
      expect(mulaw).toHaveLength(1600);
      const pcm = new Int16Array(mulaw.length);
      AUDIO_CODECS.mulaw.decode(mulaw, pcm);
      const heard = ALL_HZ.filter((hz) => amplitudeAt(pcm, hz) > 6000);
      expect(heard).toEqual(dtmfFrequencies(digit));
    },
  );

  it('has the keypad of Q.23', () => {
    expect(dtmfFrequencies('1')).toEqual([697, 1209]);
    expect(dtmfFrequencies('6')).toEqual([770, 1477]);
    expect(dtmfFrequencies('#')).toEqual([941, 1477]);
    expect(dtmfFrequencies('D')).toEqual([941, 1633]);
  });

  it('refuses what is no digit', () => {
    for (const digit of ['', 'a', '12', 'E']) expect(() => dtmfTone(digit, 100)).toThrow(TypeError);
  });

  it('makes silence and tones in every format', () => {
    expect([...silence(1)]).toEqual(Array.from({ length: 8 }, () => 0xff));
    expect([...silence(1, { encoding: 'alaw', sampleRateHz: 8000 })]).toEqual(
      Array.from({ length: 8 }, () => 0xd5),
    );
    expect(silence(20, { encoding: 'linear16', sampleRateHz: 16_000 })).toEqual(
      new Uint8Array(640),
    );
    expect(sine(440, 20, { encoding: 'linear16', sampleRateHz: 16_000 })).toHaveLength(640);
  });
});
