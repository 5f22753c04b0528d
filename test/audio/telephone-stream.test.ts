import { describe, expect, it } from 'vitest';

import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import type { AudioFormat } from '../../src/audio/audio-format.ts';
import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { loadResampler } from '../../src/audio/resample.ts';
import {
  type TelephoneStreamFormat,
  createTelephoneStream,
} from '../../src/audio/telephone-stream.ts';
import { toTelephoneAudio } from '../../src/audio/to-telephone.ts';
import { sine } from '../../src/audio/tones.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { amplitudeAt } from './sounds.ts';

const resampler = await loadResampler();

/** Streams `bytes` in pieces whose sizes take turns. */
function stream(
  bytes: Uint8Array,
  format: TelephoneStreamFormat,
  sizes: readonly number[],
): Uint8Array {
  const telephone = createTelephoneStream(format, { resampler });
  const out: Uint8Array[] = [];
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1;
    out.push(telephone.push(bytes.subarray(at, at + size)));
    at += size;
  }
  out.push(telephone.flush());
  return Uint8Array.from(Buffer.concat(out));
}

function toPcm(mulaw: Uint8Array): Int16Array {
  const pcm = new Int16Array(mulaw.length);
  decodeMulaw(mulaw, pcm);
  return pcm;
}

const linear = (sampleRateHz: number): AudioFormat => ({ encoding: 'linear16', sampleRateHz });

describe('createTelephoneStream', () => {
  it.each([8000, 16_000, 24_000, 44_100, 48_000])(
    '[check 85] gives the same µ-law however a stream of %i Hz is cut',
    (sampleRateHz) => {
      const format = linear(sampleRateHz);
      const data = sine(440, 700, format);
      const whole = toTelephoneAudio({ format, channels: 1, data }, resampler);
      for (const sizes of [[1], [3, 1, 999], [4097], [640], [8191, 2, 7]])
        expect(stream(data, format, sizes)).toEqual(whole);
      expect(Math.abs(whole.length - 5600)).toBeLessThanOrEqual(1);
    },
  );

  it.each([16_000, 24_000, 44_100])(
    '[check 85] has no click where pieces of %i Hz meet',
    (sampleRateHz) => {
      const format = linear(sampleRateHz);
      const pcm = toPcm(stream(sine(440, 1000, format), format, [1001, 777, 3]));
      // The greatest step of a sine is its peak times its angle; µ-law adds 3 % of the peak.
      const peak = 0.5 * 32_767;
      let greatest = 0;
      for (let i = 401; i < 7600; i++)
        greatest = Math.max(greatest, Math.abs((pcm[i] ?? 0) - (pcm[i - 1] ?? 0)));
      expect(greatest).toBeLessThan(peak * ((2 * Math.PI * 440) / 8000 + 0.07));
      const middle = pcm.subarray(400, 7600);
      expect(amplitudeAt(middle, 440)).toBeGreaterThan(peak * 0.97);
      for (const hz of [150, 900, 1700, 2500, 3300])
        expect(amplitudeAt(middle, hz)).toBeLessThan(peak / 300);
    },
  );

  it('reads the heading of a streamed WAV file, whatever was declared, and leaves out what follows', () => {
    const format = linear(24_000);
    const data = sine(500, 300, format);
    const wav = encodeWav(data, format);
    const trailer = Buffer.concat([wav, Buffer.from('LIST\u0004\0\0\0abcd', 'latin1')]);
    const whole = toTelephoneAudio({ format, channels: 1, data }, resampler);
    for (const sizes of [[1], [43, 5], [9999]])
      expect(stream(trailer, { encoding: 'mulaw', sampleRateHz: 8000 }, sizes)).toEqual(whole);
    const piped = wav.slice();
    new DataView(piped.buffer).setUint32(40, 0xffff_ffff, true);
    expect(stream(piped, linear(16_000), [1000])).toEqual(whole);
  });

  it('mixes two channels, cut in the middle of a frame', () => {
    const pcm = Int16Array.from({ length: 1600 }, (_, i) => (i % 2 === 0 ? 8000 : 4000));
    const bytes = AUDIO_CODECS.linear16.encode(pcm);
    const out = toPcm(stream(bytes, { ...linear(8000), channels: 2 }, [5, 1, 2]));
    expect(out).toHaveLength(800);
    expect(Math.abs((out[400] ?? 0) - 6000)).toBeLessThan(200);
  });

  it('hands telephone audio on without a copy, and keeps a sound that is shorter than a heading', () => {
    const telephone = createTelephoneStream(
      { encoding: 'mulaw', sampleRateHz: 8000 },
      { resampler },
    );
    const first = Uint8Array.of(1, 2, 3, 4);
    expect(telephone.push(first)).toBe(first);
    telephone.close();
    const short = Buffer.from('RI', 'latin1');
    expect(stream(short, { encoding: 'mulaw', sampleRateHz: 8000 }, [1])).toEqual(
      Uint8Array.from(short),
    );
  });

  it('refuses rates and WAV files that it cannot read, and is silent once it has ended', () => {
    expect(() => createTelephoneStream(linear(96_000), { resampler })).toThrow(TypeError);
    const telephone = createTelephoneStream(linear(16_000), { resampler });
    let thrown: unknown;
    try {
      telephone.push(Buffer.from(`RIFF${'x'.repeat(60)}`, 'latin1'));
    } catch (error) {
      thrown = error;
    }
    expect(isGatewayError(thrown, 'ERR_AUDIO_WAV')).toBe(true);
    telephone.close();
    telephone.close();
    expect(telephone.push(new Uint8Array(320))).toHaveLength(0);
    expect(telephone.flush()).toHaveLength(0);
  });
});
