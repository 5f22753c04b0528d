import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeLinear16, encodeLinear16 } from '../../src/audio/linear16.ts';

describe('linear16', () => {
  it('[check 81] reads and writes the low byte first, with its sign', () => {
    const bytes = Uint8Array.of(0x01, 0x00, 0xff, 0xff, 0x00, 0x80, 0xff, 0x7f);
    const out = new Int16Array(4);
    decodeLinear16(bytes, out);
    expect([...out]).toEqual([1, -1, -32_768, 32_767]);
    expect(encodeLinear16(out)).toEqual(bytes);
  });

  it('reads at odd addresses and leaves an odd last byte out', () => {
    const out = new Int16Array(2).fill(7);
    decodeLinear16(Uint8Array.of(0, 0x34, 0x12, 9), out, 0, 1);
    expect([...out]).toEqual([0x1234, 7]);
  });

  it('gives back whatever it wrote', () => {
    fc.assert(
      fc.property(fc.int16Array(), (pcm) => {
        const out = new Int16Array(pcm.length);
        decodeLinear16(encodeLinear16(pcm), out);
        expect(out).toEqual(pcm);
      }),
    );
  });

  it('refuses an output that is too short', () => {
    expect(() => decodeLinear16(new Uint8Array(4), new Int16Array(1))).toThrow(RangeError);
    expect(() => encodeLinear16(new Int16Array(1), new Uint8Array(1))).toThrow(RangeError);
  });
});
