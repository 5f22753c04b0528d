import { describe, expect, it } from 'vitest';

import { MULAW_SILENCE } from '../../src/audio/audio-format.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { trimSilence } from '../../src/speech/trim-silence.ts';

const silence = (ms: number) => new Uint8Array(ms * 8).fill(MULAW_SILENCE);
const sound = (ms: number) =>
  encodeMulaw(Int16Array.from({ length: ms * 8 }, (_, i) => (i % 2 === 0 ? 8000 : -8000)));
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('trimming silence', () => {
  it('keeps 60 ms before and 150 ms behind what is loud', () => {
    const trimmed = trimSilence(join(silence(500), sound(100), silence(500)));
    expect(trimmed).toEqual(join(silence(60), sound(100), silence(150)));
  });

  it('adds nothing where there is less silence', () => {
    const audio = join(silence(10), sound(100), silence(20));
    expect(trimSilence(audio)).toEqual(audio);
  });

  it('keeps pauses inside', () => {
    const audio = join(sound(20), silence(900), sound(20));
    expect(trimSilence(audio)).toEqual(audio);
  });

  it('takes a hum for silence', () => {
    const hum = encodeMulaw(new Int16Array(800).fill(-600));
    expect(trimSilence(hum)).toHaveLength(0);
  });

  it('does not keep the memory of what it was given', () => {
    const audio = join(silence(500), sound(100));
    const trimmed = trimSilence(audio);
    expect(trimmed.buffer.byteLength).toBe(trimmed.length);
  });
});
