import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { AudioFormat } from '../../src/audio/audio-format.ts';
import { decodeWav, encodeWav } from '../../src/audio/wav.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';

const MULAW: AudioFormat = { encoding: 'mulaw', sampleRateHz: 8000 };
const PCM: AudioFormat = { encoding: 'linear16', sampleRateHz: 16_000 };

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function chunk(name: string, body: Uint8Array, size = body.length): Buffer {
  const head = Buffer.from(`${name}\0\0\0\0`, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

function riff(...chunks: readonly Buffer[]): Buffer {
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]));
}

function format(tag: number, channels: number, rateHz: number, bits: number, extra = 0): Buffer {
  const body = Buffer.alloc(16 + extra);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rateHz, 4);
  body.writeUInt32LE((rateHz * channels * bits) / 8, 8);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  return body;
}

function extensible(subTag: number, tail = '000000001000800000aa00389b71'): Buffer {
  const body = format(0xfffe, 1, 8000, 16, 24);
  body.writeUInt16LE(22, 16);
  body.writeUInt16LE(subTag, 24);
  body.set(Buffer.from(tail, 'hex'), 26);
  return body;
}

function refuses(bytes: Uint8Array): boolean {
  try {
    decodeWav(bytes);
    return false;
  } catch (error) {
    return isGatewayError(error, 'ERR_AUDIO_WAV');
  }
}

describe('encodeWav', () => {
  it('writes 58 bytes before µ-law, with a fact chunk and true sizes', () => {
    const wav = encodeWav(Uint8Array.of(1, 2, 3, 4), MULAW);
    expect(hex(wav)).toBe(
      hex(Buffer.from('RIFF')) +
        '36000000' +
        hex(Buffer.from('WAVEfmt ')) +
        '12000000' +
        '0700' +
        '0100' +
        '401f0000' +
        '401f0000' +
        '0100' +
        '0800' +
        '0000' +
        hex(Buffer.from('fact')) +
        '04000000' +
        '04000000' +
        hex(Buffer.from('data')) +
        '04000000' +
        '01020304',
    );
  });

  it('writes 44 bytes before LINEAR16', () => {
    const wav = Buffer.from(encodeWav(new Uint8Array(8), PCM, 2));
    expect(wav).toHaveLength(52);
    expect(wav.readUInt32LE(4)).toBe(44);
    expect(wav.readUInt16LE(20)).toBe(1);
    expect(wav.readUInt32LE(28)).toBe(64_000);
    expect(wav.readUInt16LE(32)).toBe(4);
    expect(wav.readUInt32LE(40)).toBe(8);
  });

  it('counts sample frames, not samples, in the fact chunk of a stereo recording', () => {
    expect(Buffer.from(encodeWav(new Uint8Array(8), MULAW, 2)).readUInt32LE(46)).toBe(4);
  });

  it('pads data of odd size', () => {
    const wav = Buffer.from(encodeWav(Uint8Array.of(1, 2, 3), MULAW));
    expect(wav).toHaveLength(62);
    expect(wav.readUInt32LE(4)).toBe(54);
    expect(wav.readUInt32LE(54)).toBe(3);
  });
});

describe('decodeWav', () => {
  it('gives back what encodeWav was given', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('linear16' as const, 'mulaw' as const, 'alaw' as const),
        fc.integer({ min: 4000, max: 48_000 }),
        fc.constantFrom(1, 2),
        fc.uint8Array({ maxLength: 200 }),
        (encoding, sampleRateHz, channels, raw) => {
          const block = channels * (encoding === 'linear16' ? 2 : 1);
          const data = raw.subarray(0, raw.length - (raw.length % block));
          const wav = decodeWav(encodeWav(data, { encoding, sampleRateHz }, channels));
          expect(wav.format).toEqual({ encoding, sampleRateHz });
          expect(wav.channels).toBe(channels);
          expect(hex(wav.data)).toBe(hex(data));
        },
      ),
    );
  });

  it('skips chunks that it does not know, odd ones included', () => {
    const wav = riff(
      chunk('LIST', Buffer.from('abc')),
      chunk('fmt ', format(6, 1, 8000, 8)),
      chunk('cue ', Buffer.alloc(4)),
      chunk('data', Buffer.from([1, 2])),
      chunk('LIST', Buffer.from('tail')),
    );
    expect(decodeWav(wav)).toMatchObject({ format: { encoding: 'alaw', sampleRateHz: 8000 } });
    expect(hex(decodeWav(wav).data)).toBe('0102');
  });

  it('takes an open-ended data chunk to the end of the file, whole samples only', () => {
    const wav = riff(
      chunk('fmt ', format(1, 1, 8000, 16)),
      chunk('data', Buffer.from([1, 2, 3, 4]), 0xffff_ffff),
    );
    expect(hex(decodeWav(wav).data)).toBe('01020304');
    expect(hex(decodeWav(wav.subarray(0, -1)).data)).toBe('0102');
  });

  it('reads from the middle of a larger buffer', () => {
    const whole = Buffer.concat([Buffer.alloc(3), encodeWav(Uint8Array.of(5, 6), MULAW)]);
    expect(hex(decodeWav(whole.subarray(3)).data)).toBe('0506');
  });

  it('reads the extensible form of the encodings it knows', () => {
    const wav = riff(chunk('fmt ', extensible(1)), chunk('data', Buffer.from([1, 2])));
    expect(decodeWav(wav).format).toEqual({ encoding: 'linear16', sampleRateHz: 8000 });
    expect(refuses(riff(chunk('fmt ', extensible(3)), chunk('data', Buffer.alloc(2))))).toBe(true);
    const foreign = extensible(1, '00'.repeat(14));
    expect(refuses(riff(chunk('fmt ', foreign), chunk('data', Buffer.alloc(2))))).toBe(true);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('not a sound file at all, really not')],
    ['a big-endian file', Buffer.from('RIFX\0\0\0\0WAVE')],
    ['no chunks', riff()],
    ['no data', riff(chunk('fmt ', format(1, 1, 8000, 16)))],
    ['data before the format', riff(chunk('data', Buffer.alloc(2)))],
    ['a short format', riff(chunk('fmt ', Buffer.alloc(8)), chunk('data', Buffer.alloc(2)))],
    ['8-bit PCM', riff(chunk('fmt ', format(1, 1, 8000, 8)), chunk('data', Buffer.alloc(2)))],
    ['24-bit PCM', riff(chunk('fmt ', format(1, 1, 8000, 24)), chunk('data', Buffer.alloc(3)))],
    ['float', riff(chunk('fmt ', format(3, 1, 8000, 32)), chunk('data', Buffer.alloc(4)))],
    ['no channel', riff(chunk('fmt ', format(1, 0, 8000, 16)), chunk('data', Buffer.alloc(2)))],
    ['three channels', riff(chunk('fmt ', format(1, 3, 8000, 16)), chunk('data', Buffer.alloc(6)))],
    ['a rate of 0', riff(chunk('fmt ', format(1, 1, 0, 16)), chunk('data', Buffer.alloc(2)))],
    ['96 kHz', riff(chunk('fmt ', format(1, 1, 96_000, 16)), chunk('data', Buffer.alloc(2)))],
    ['more than 64 MB', Buffer.alloc(64 * 1024 * 1024 + 1)],
  ])('refuses %s with a code', (_, bytes) => {
    expect(refuses(bytes)).toBe(true);
  });

  it('answers any damage with data or with its own error', () => {
    const wav = riff(
      chunk('LIST', Buffer.from('abc')),
      chunk('fmt ', extensible(1)),
      chunk('data', Buffer.alloc(8)),
    );
    fc.assert(
      fc.property(fc.nat(wav.length - 1), fc.nat(255), fc.nat(wav.length), (at, byte, length) => {
        const damaged = Buffer.from(wav);
        damaged[at] = byte;
        const cut = damaged.subarray(0, length);
        if (!refuses(cut)) expect(decodeWav(cut).data.length).toBeLessThanOrEqual(length);
      }),
    );
  });
});
