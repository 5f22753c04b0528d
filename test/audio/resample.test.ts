import { describe, expect, it } from 'vitest';

import { loadResampler } from '../../src/audio/resample.ts';
import { amplitudeAt, join } from './sounds.ts';

function tone(hz: number, ms: number, sampleRateHz: number): Int16Array {
  return Int16Array.from({ length: (ms * sampleRateHz) / 1000 }, (_, index) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hz * index) / sampleRateHz)),
  );
}

describe('loadResampler', () => {
  it('loads one engine a process', async () => {
    expect(await loadResampler()).toBe(await loadResampler());
  });

  it.each([
    [16_000, 8000],
    [44_100, 8000],
    [8000, 16_000],
    [4000, 48_000],
  ])('keeps a tone at its pitch and level from %i to %i Hz', async (fromHz, toHz) => {
    const stream = (await loadResampler()).open(fromHz, toHz);
    const out = stream.process(tone(1000, 1000, fromHz));
    stream.close();
    const settled = out.subarray(toHz / 10, (toHz * 9) / 10);
    expect(amplitudeAt(settled, 1000, toHz)).toBeGreaterThan(9800);
    expect(amplitudeAt(settled, 1000, toHz)).toBeLessThan(10_200);
    expect(amplitudeAt(settled, 500, toHz)).toBeLessThan(100);
    expect(amplitudeAt(settled, 2000, toHz)).toBeLessThan(100);
  });

  it('removes what the lower rate cannot carry', async () => {
    const stream = (await loadResampler()).open(16_000, 8000);
    const out = stream.process(tone(6000, 1000, 16_000));
    stream.close();
    expect(amplitudeAt(out.subarray(400, 7600), 2000)).toBeLessThan(50);
  });

  it('gives the same samples however the stream is cut, so that borders do not click', async () => {
    const engine = await loadResampler();
    const pcm = tone(440, 500, 44_100);
    const whole = engine.open(44_100, 8000);
    const parts = engine.open(44_100, 8000);
    const cut: Int16Array[] = [];
    for (let at = 0; at < pcm.length; at += 777)
      cut.push(parts.process(pcm.subarray(at, at + 777)));
    expect(join(...cut)).toEqual(whole.process(pcm));
    whole.close();
    parts.close();
  });

  it('keeps streams apart', async () => {
    const engine = await loadResampler();
    const [left, right, alone] = [16_000, 16_000, 16_000].map((rate) => engine.open(rate, 8000));
    if (!left || !right || !alone) throw new Error('three streams');
    const pcm = tone(700, 100, 16_000);
    const mixed: Int16Array[] = [];
    for (let at = 0; at < pcm.length; at += 320) {
      mixed.push(left.process(pcm.subarray(at, at + 320)));
      right.process(new Int16Array(320).fill(20_000));
    }
    expect(join(...mixed)).toEqual(alone.process(pcm));
    for (const stream of [left, right, alone]) stream.close();
  });

  it('passes equal rates through as a copy', async () => {
    const pcm = Int16Array.of(1, 2, 3);
    const out = (await loadResampler()).open(8000, 8000).process(pcm);
    expect(out).toEqual(pcm);
    expect(out).not.toBe(pcm);
  });

  it('refuses other rates and a closed stream, and may be closed twice', async () => {
    const engine = await loadResampler();
    expect(() => engine.open(3999, 8000)).toThrow(TypeError);
    expect(() => engine.open(8000, 48_001)).toThrow(TypeError);
    expect(() => engine.open(Number.NaN, 8000)).toThrow(TypeError);
    const stream = engine.open(16_000, 8000);
    stream.close();
    stream.close();
    expect(() => stream.process(new Int16Array(1))).toThrow(TypeError);
  });
});
