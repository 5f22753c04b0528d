import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeMulaw } from '../../src/audio/mulaw.ts';
import { createSpeechCollector } from '../../src/audio/speech-collector.ts';

/** Frame number `index`, recognisable in µ-law by its level. */
function frame(index: number): Int16Array {
  return new Int16Array(160).fill(index * 100);
}

/** What a collector that keeps frames `from` to `to` must give back. */
function frames(from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, to - from) * 160);
  for (let index = from; index < to; index++)
    encodeMulaw(frame(index), bytes, (index - from) * 160);
  return bytes;
}

describe('createSpeechCollector', () => {
  it('gives the utterance with what was said just before its start', () => {
    const collector = createSpeechCollector({ preRollMs: 100, maxMs: 10_000 });
    for (let index = 0; index < 50; index++) {
      collector.push(frame(index));
      if (index === 19) collector.start();
    }
    expect(collector.take()).toEqual(frames(15, 50));
  });

  it('waits for the next utterance after one was taken', () => {
    const collector = createSpeechCollector({ preRollMs: 100, maxMs: 10_000 });
    collector.push(frame(1));
    collector.start();
    collector.start();
    collector.push(frame(2));
    expect(collector.take()).toEqual(frames(1, 3));
    expect(collector.take()).toHaveLength(0);
    collector.push(frame(7));
    collector.start();
    expect(collector.take()).toEqual(frames(7, 8));
  });

  it('keeps the beginning of an utterance that is too long', () => {
    const collector = createSpeechCollector({ preRollMs: 40, maxMs: 1000 });
    collector.start();
    for (let index = 0; index < 200; index++) collector.push(frame(index));
    expect(collector.take()).toEqual(frames(0, 50));
  });

  it('drops everything on reset', () => {
    const collector = createSpeechCollector({ preRollMs: 100, maxMs: 1000 });
    collector.push(frame(1));
    collector.start();
    collector.push(frame(2));
    collector.reset();
    collector.push(frame(3));
    collector.start();
    expect(collector.take()).toEqual(frames(3, 4));
  });

  it('gives exactly the frames asked for, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.integer({ min: 300, max: 8000 }),
        fc.nat(40),
        fc.nat(300),
        (preRollMs, maxMs, before, after) => {
          const collector = createSpeechCollector({ preRollMs, maxMs });
          for (let index = 0; index < before; index++) collector.push(frame(index));
          collector.start();
          for (let index = before; index < before + after; index++) collector.push(frame(index));
          const from = Math.max(0, before - Math.ceil(preRollMs / 20));
          const to = Math.min(before + after, from + Math.ceil(maxMs / 20));
          expect(Buffer.compare(collector.take(), frames(from, to))).toBe(0);
        },
      ),
    );
  });
});
