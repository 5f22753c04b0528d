import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AUDIO_CODECS } from '../../src/audio/audio-codec.ts';
import type { AudioEncoding } from '../../src/audio/audio-format.ts';
import { createCallerAudio } from '../../src/audio/caller-audio.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { loadResampler, type ResamplerEngine } from '../../src/audio/resample.ts';
import { sine } from '../../src/audio/tones.ts';
import { isGatewayError } from '../../src/core/gateway-error.ts';
import { amplitudeAt, join, vowel } from './sounds.ts';

const resampler = await loadResampler();

/** A caller whose frames are kept, as copies. */
function createCaller(engine: ResamplerEngine = resampler) {
  const audio = createCallerAudio({ resampler: engine });
  const frames: Int16Array[] = [];
  return {
    audio,
    frames,
    push(packet: Uint8Array, encoding?: AudioEncoding, sampleRateHz = 0) {
      audio.push(packet, encoding, sampleRateHz, (pcm) => frames.push(pcm.slice()));
    },
  };
}

/** An engine that counts its open streams. */
function createCountingEngine() {
  let open = 0;
  const engine: ResamplerEngine = {
    open(fromHz, toHz) {
      const stream = resampler.open(fromHz, toHz);
      open += 1;
      return {
        process: (pcm) => stream.process(pcm),
        close() {
          open -= 1;
          stream.close();
        },
      };
    },
  };
  return { engine, open: () => open };
}

describe('createCallerAudio', () => {
  it('[check 80] takes an undeclared format for µ-law, 8000 Hz', () => {
    const caller = createCaller();
    const pcm = vowel(20);
    caller.push(encodeMulaw(pcm));
    const expected = new Int16Array(160);
    AUDIO_CODECS.mulaw.decode(encodeMulaw(pcm), expected);
    expect(caller.frames).toEqual([expected]);
    expect(caller.audio.format).toEqual({ encoding: 'mulaw', sampleRateHz: 8000 });
  });

  it.each([
    ['linear16', [0x34, 0x12, 0x00, 0x80], [0x1234, -32_768]],
    ['mulaw', [0xff, 0x80, 0x00], [0, 32_124, -32_124]],
    ['alaw', [0xd5, 0xaa, 0x2a], [8, 32_256, -32_256]],
  ] as const)('[check 81] decodes %s at 8000 Hz by the book', (encoding, bytes, samples) => {
    const caller = createCaller();
    const { bytesPerSample, silence } = AUDIO_CODECS[encoding];
    const packet = new Uint8Array(160 * bytesPerSample).fill(silence);
    packet.set(bytes);
    caller.push(packet, encoding, 8000);
    expect(Array.from(caller.frames[0]?.subarray(0, samples.length) ?? [])).toEqual(samples);
  });

  it.each([
    ['linear16', 8000],
    ['mulaw', 8000],
    ['alaw', 8000],
    ['linear16', 16_000],
    ['mulaw', 16_000],
    ['alaw', 16_000],
  ] as const)('[check 81] keeps pitch and level of a tone in %s at %i Hz', (encoding, rate) => {
    const caller = createCaller();
    caller.push(sine(1000, 1000, { encoding, sampleRateHz: rate }), encoding, rate);
    expect(caller.frames.length).toBeGreaterThanOrEqual(49);
    const pcm = join(...caller.frames.slice(5, 45));
    expect(amplitudeAt(pcm, 1000)).toBeGreaterThan(15_900);
    expect(amplitudeAt(pcm, 1000)).toBeLessThan(16_900);
    expect(amplitudeAt(pcm, 500)).toBeLessThan(200);
    expect(amplitudeAt(pcm, 2000)).toBeLessThan(200);
  });

  it('[check 82] applies the last declared pair to packets that declare nothing', () => {
    const caller = createCaller();
    const packet = AUDIO_CODECS.linear16.encode(vowel(20));
    caller.push(packet, 'linear16', 8000);
    caller.push(packet);
    expect(caller.frames).toEqual([vowel(20), vowel(20)]);
    caller.push(new Uint8Array(0), undefined, 16_000);
    expect(caller.audio.format).toEqual({ encoding: 'linear16', sampleRateHz: 16_000 });
    caller.push(new Uint8Array(0), 'alaw', 0);
    expect(caller.audio.format).toEqual({ encoding: 'alaw', sampleRateHz: 16_000 });
  });

  it('[check 83] takes a message without audio for a declaration, and no probe for a frame', () => {
    const caller = createCaller();
    caller.push(new Uint8Array(0), 'alaw', 8000);
    for (let probe = 0; probe < 3; probe++) caller.push(Uint8Array.of(1, 2, 3));
    expect(caller.frames).toEqual([]);
    expect(caller.audio.format).toEqual({ encoding: 'alaw', sampleRateHz: 8000 });
    caller.audio.reset();
    const packet = AUDIO_CODECS.alaw.encode(vowel(20));
    caller.push(packet);
    const expected = new Int16Array(160);
    AUDIO_CODECS.alaw.decode(packet, expected);
    expect(caller.frames).toEqual([expected]);
  });

  it('[check 84] carries the odd byte of LINEAR16 into the next packet', () => {
    const caller = createCaller();
    const bytes = AUDIO_CODECS.linear16.encode(vowel(40));
    caller.push(bytes.subarray(0, 321), 'linear16', 8000);
    caller.push(new Uint8Array(0));
    caller.push(bytes.subarray(321, 322));
    caller.push(bytes.subarray(322));
    expect(join(...caller.frames)).toEqual(vowel(40));
  });

  it.each([
    ['mulaw', 8000],
    ['alaw', 8000],
    ['linear16', 8000],
    ['mulaw', 16_000],
    ['linear16', 16_000],
  ] as const)(
    'makes the same frames of %s at %i Hz however the bytes are cut',
    (encoding, rate) => {
      const bytes = AUDIO_CODECS[encoding].encode(vowel(200));
      const whole = createCaller();
      whole.push(bytes, encoding, rate);
      expect(whole.frames.length).toBeGreaterThan(3);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 40 }), (sizes) => {
          const caller = createCaller();
          let at = 0;
          for (const size of sizes) {
            caller.push(bytes.subarray(at, at + size), encoding, rate);
            at += size;
          }
          caller.push(bytes.subarray(at), encoding, rate);
          expect(caller.frames).toEqual(whole.frames);
          caller.audio.close();
        }),
        { numRuns: 40 },
      );
      whole.audio.close();
    },
  );

  it('keeps what was decoded when the encoding changes, and drops half a sample', () => {
    const caller = createCaller();
    const pcm = vowel(20);
    caller.push(AUDIO_CODECS.linear16.encode(pcm).subarray(0, 161), 'linear16', 8000);
    caller.push(encodeMulaw(pcm.subarray(80)), 'mulaw', 8000);
    expect(caller.frames).toHaveLength(1);
    expect(caller.frames[0]?.subarray(0, 80)).toEqual(pcm.subarray(0, 80));
  });

  it('goes on when the rate changes in the middle of a call', () => {
    const caller = createCaller();
    for (const rate of [8000, 16_000, 8000, 16_000]) {
      caller.frames.length = 0;
      caller.push(sine(700, 500, { encoding: 'mulaw', sampleRateHz: rate }), 'mulaw', rate);
      const pcm = join(...caller.frames.slice(2, 22));
      expect(amplitudeAt(pcm, 700)).toBeGreaterThan(15_500);
    }
  });

  it.each([1, 11_025, 44_100, 48_000, -8000, 8000.5])(
    'refuses %d Hz and changes nothing',
    (rate) => {
      const caller = createCaller();
      caller.push(encodeMulaw(vowel(10)));
      let thrown: unknown;
      try {
        caller.push(new Uint8Array(160), 'linear16', rate);
      } catch (error) {
        thrown = error;
      }
      expect(isGatewayError(thrown, 'ERR_PROTOCOL_AUDIO_FORMAT')).toBe(true);
      expect(caller.audio.format).toEqual({ encoding: 'mulaw', sampleRateHz: 8000 });
      caller.push(encodeMulaw(vowel(10)));
      expect(caller.frames).toHaveLength(1);
    },
  );

  it('drops the partial frame on reset, at either rate', () => {
    const caller = createCaller();
    caller.push(new Uint8Array(319), 'linear16', 8000);
    caller.audio.reset();
    caller.push(AUDIO_CODECS.linear16.encode(vowel(20)));
    expect(caller.frames).toEqual([vowel(20)]);
    caller.push(new Uint8Array(639), 'linear16', 16_000);
    caller.audio.reset();
    caller.push(new Uint8Array(639));
    expect(caller.frames).toHaveLength(1);
  });

  it('opens a resampler only for 16000 Hz, one a call, and frees it', () => {
    const { engine, open } = createCountingEngine();
    const caller = createCaller(engine);
    caller.push(new Uint8Array(160), 'mulaw', 8000);
    expect(open()).toBe(0);
    for (let packet = 0; packet < 5; packet++) caller.push(new Uint8Array(640), 'linear16', 16_000);
    caller.push(new Uint8Array(320), 'mulaw', 16_000);
    expect(open()).toBe(1);
    caller.push(new Uint8Array(0), 'mulaw', 8000);
    expect(open()).toBe(0);
    caller.push(new Uint8Array(0), 'mulaw', 16_000);
    caller.audio.close();
    caller.audio.close();
    caller.push(new Uint8Array(320), 'mulaw', 16_000);
    expect(open()).toBe(0);
  });

  it('[check 79] keeps two callers apart', () => {
    const left = createCaller();
    const right = createCaller();
    const alone = createCaller();
    const bytes = AUDIO_CODECS.linear16.encode(vowel(200));
    for (let at = 0; at < bytes.length; at += 641) {
      left.push(bytes.subarray(at, at + 641), 'linear16', 16_000);
      right.push(new Uint8Array(333).fill(at & 0xff), 'alaw', 16_000);
    }
    alone.push(bytes, 'linear16', 16_000);
    expect(left.frames).toEqual(alone.frames);
  });
});
