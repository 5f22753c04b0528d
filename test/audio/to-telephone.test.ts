import { describe, expect, it } from 'vitest';

import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import type { AudioEncoding } from '../../src/audio/audio-format.ts';
import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { loadResampler } from '../../src/audio/resample.ts';
import { toTelephoneAudio } from '../../src/audio/to-telephone.ts';
import { sine } from '../../src/audio/tones.ts';
import { amplitudeAt } from './sounds.ts';

function toPcm(mulaw: Uint8Array): Int16Array {
  const pcm = new Int16Array(mulaw.length);
  decodeMulaw(mulaw, pcm);
  return pcm;
}

describe('toTelephoneAudio', () => {
  const encodings: readonly AudioEncoding[] = ['linear16', 'mulaw', 'alaw'];
  const cases = encodings.flatMap((encoding) =>
    [4000, 8000, 11_025, 16_000, 22_050, 44_100, 48_000].map((rate) => [encoding, rate] as const),
  );

  it.each(cases)(
    '[check 85] makes µ-law, 8000 Hz, of %s at %i Hz with pitch, level and length kept',
    async (encoding, sampleRateHz) => {
      const format = { encoding, sampleRateHz };
      const out = toTelephoneAudio(
        { format, channels: 1, data: sine(600, 500, format) },
        await loadResampler(),
      );
      expect(Math.abs(out.length - 4000)).toBeLessThanOrEqual(1);
      const middle = toPcm(out).subarray(400, 3600);
      expect(amplitudeAt(middle, 600)).toBeGreaterThan(15_800);
      expect(amplitudeAt(middle, 600)).toBeLessThan(17_000);
      expect(amplitudeAt(middle, 1200)).toBeLessThan(200);
    },
  );

  it('keeps the last milliseconds', async () => {
    const format = { encoding: 'linear16', sampleRateHz: 16_000 } as const;
    const wav = { format, channels: 1, data: sine(1000, 100, format) };
    const end = toPcm(toTelephoneAudio(wav, await loadResampler())).subarray(-40);
    expect(amplitudeAt(end, 1000)).toBeGreaterThan(14_000);
  });

  it('mixes two channels', async () => {
    const pcm = Int16Array.from({ length: 1600 }, (_, index) => (index % 2 === 0 ? 8000 : 4000));
    const wav = {
      format: { encoding: 'linear16', sampleRateHz: 8000 } as const,
      channels: 2,
      data: AUDIO_CODECS.linear16.encode(pcm),
    };
    const out = toPcm(toTelephoneAudio(wav, await loadResampler()));
    expect(out).toHaveLength(800);
    expect(Math.abs((out[400] ?? 0) - 6000)).toBeLessThan(200);
  });

  it('hands telephone audio on untouched', async () => {
    const data = Uint8Array.of(1, 2, 3);
    const format = { encoding: 'mulaw', sampleRateHz: 8000 } as const;
    expect(toTelephoneAudio({ format, channels: 1, data }, await loadResampler())).toBe(data);
  });
});
