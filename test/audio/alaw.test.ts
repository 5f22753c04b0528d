import { alaw } from 'alawmulaw';
import { describe, expect, it } from 'vitest';

import { ALAW_SILENCE } from '../../src/audio/audio-format.ts';
import { decodeAlaw, encodeAlaw } from '../../src/audio/alaw.ts';

const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);
const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);

describe('alaw', () => {
  it('[check 81] decodes all 256 codes as another implementation does', () => {
    const out = new Int16Array(256);
    decodeAlaw(everyCode, out);
    expect(out).toEqual(alaw.decode(everyCode));
  });

  it('encodes all 65,536 samples as another implementation does, ties included', () => {
    expect(encodeAlaw(everySample)).toEqual(alaw.encode(everySample));
  });

  it('gives every code back that it decoded', () => {
    const out = new Int16Array(256);
    decodeAlaw(everyCode, out);
    expect(encodeAlaw(out)).toEqual(everyCode);
  });

  it('knows silence and the two ends of the scale', () => {
    expect([...encodeAlaw(Int16Array.of(0, 32_767, -32_768))]).toEqual([ALAW_SILENCE, 0xaa, 0x2a]);
  });

  it('refuses an output that is too short', () => {
    expect(() => decodeAlaw(new Uint8Array(2), new Int16Array(2), 1)).toThrow(RangeError);
    expect(() => encodeAlaw(new Int16Array(2), new Uint8Array(1))).toThrow(RangeError);
  });
});
