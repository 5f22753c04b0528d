import { describe, expect, it } from 'vitest';

import { AbortError } from '../../src/core/abort.ts';
import { createCachedSynthesiser } from '../../src/speech/cached-synthesiser.ts';

const NEVER = new AbortController().signal;

/** An engine whose sentences are finished by the test. */
function createEngine(bytes = 100) {
  const asked: {
    readonly text: string;
    readonly signal: AbortSignal;
    readonly finish: () => void;
    readonly fail: () => void;
  }[] = [];
  let closed = 0;
  return {
    asked,
    closed: () => closed,
    synthesise: (text: string, signal: AbortSignal) =>
      new Promise<Uint8Array>((resolve, reject) => {
        asked.push({
          text,
          signal,
          finish: () => resolve(new Uint8Array(bytes)),
          fail: () => reject(new Error('engine')),
        });
      }),
    close: () => {
      closed++;
      return Promise.resolve();
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a synthesiser with a memory', () => {
  it('gives the identical sound for the same text', async () => {
    const engine = createEngine();
    const cached = createCachedSynthesiser(engine);
    const first = cached.synthesise('a', NEVER);
    await settle();
    engine.asked[0]?.finish();
    const audio = await first;
    expect(await cached.synthesise('a', NEVER)).toBe(audio);
    expect(engine.asked).toHaveLength(1);
  });

  it('shares the work among those who ask at the same time', async () => {
    const engine = createEngine();
    const cached = createCachedSynthesiser(engine);
    const both = Promise.all([cached.synthesise('a', NEVER), cached.synthesise('a', NEVER)]);
    await settle();
    engine.asked[0]?.finish();
    const [one, other] = await both;
    expect(one).toBe(other);
    expect(engine.asked).toHaveLength(1);
  });

  it('goes on for the others when one calls it off', async () => {
    const engine = createEngine();
    const cached = createCachedSynthesiser(engine);
    const controller = new AbortController();
    const leaving = cached.synthesise('a', controller.signal);
    const staying = cached.synthesise('a', NEVER);
    await settle();
    controller.abort();
    await expect(leaving).rejects.toBeInstanceOf(AbortError);
    expect(engine.asked[0]?.signal.aborted).toBe(false);
    engine.asked[0]?.finish();
    expect(await staying).toHaveLength(100);
  });

  it('calls the engine off when nobody waits any more, and begins anew for the next', async () => {
    const engine = createEngine();
    const cached = createCachedSynthesiser(engine);
    const controller = new AbortController();
    const leaving = cached.synthesise('a', controller.signal);
    await settle();
    controller.abort();
    await expect(leaving).rejects.toBeInstanceOf(AbortError);
    expect(engine.asked[0]?.signal.aborted).toBe(true);
    const next = cached.synthesise('a', NEVER);
    await settle();
    engine.asked[0]?.fail();
    engine.asked[1]?.finish();
    expect(await next).toHaveLength(100);
  });

  it('does not remember a failure', async () => {
    const engine = createEngine();
    const cached = createCachedSynthesiser(engine);
    const failing = cached.synthesise('a', NEVER);
    await settle();
    engine.asked[0]?.fail();
    await expect(failing).rejects.toThrow('engine');
    const next = cached.synthesise('a', NEVER);
    await settle();
    engine.asked[1]?.finish();
    expect(await next).toHaveLength(100);
  });

  it('forgets the least recently used sound when the bytes are used up', async () => {
    const engine = createEngine(100);
    const cached = createCachedSynthesiser(engine, { maxBytes: 250 });
    const ask = async (text: string) => {
      const audio = cached.synthesise(text, NEVER);
      await settle();
      engine.asked.at(-1)?.finish();
      return audio;
    };
    const a = await ask('a');
    await ask('b');
    expect(await ask('a')).toBe(a);
    await ask('c');
    expect(await ask('a')).toBe(a);
    expect(engine.asked.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    await ask('b');
    expect(engine.asked.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'b']);
  });

  it('closes the engine behind it', async () => {
    const engine = createEngine();
    await createCachedSynthesiser(engine).close();
    expect(engine.closed()).toBe(1);
  });
});
