import { mulaw } from 'alawmulaw';
import { describe, expect, it } from 'vitest';

import { MULAW_SILENCE } from '../../src/audio/audio-format.ts';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw.ts';

const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);
const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);

describe('mulaw', () => {
  it('[check 81] decodes all 256 codes as another implementation does', () => {
    const out = new Int16Array(256);
    decodeMulaw(everyCode, out);
    expect(out).toEqual(mulaw.decode(everyCode));
  });

  it('[check 85] encodes all 65,536 samples as another implementation does, ties included', () => {
    expect(encodeMulaw(everySample)).toEqual(mulaw.encode(everySample));
  });

  it('gives every code back that it decoded, but for negative zero', () => {
    const out = new Int16Array(256);
    decodeMulaw(everyCode, out);
    const back = encodeMulaw(out);
    expect([...back].filter((code, index) => code !== index)).toEqual([MULAW_SILENCE]);
    expect(back[0x7f]).toBe(MULAW_SILENCE);
  });

  it('knows silence and the two ends of the scale', () => {
    expect([...encodeMulaw(Int16Array.of(0, 32_767, -32_768))]).toEqual([0xff, 0x80, 0x00]);
  });

  it('works on a part of the input and of the output', () => {
    const out = new Int16Array(4);
    decodeMulaw(Uint8Array.of(0, 0x80, 0, 0xff), out, 2, 1, 3);
    expect([...out]).toEqual([0, 0, 32_124, -32_124]);
    expect([...encodeMulaw(Int16Array.of(0), new Uint8Array(3), 1)]).toEqual([0, 0xff, 0]);
  });

  it('refuses an output that is too short', () => {
    expect(() => decodeMulaw(new Uint8Array(2), new Int16Array(2), 1)).toThrow(RangeError);
    expect(() => encodeMulaw(new Int16Array(2), new Uint8Array(1))).toThrow(RangeError);
  });
});
