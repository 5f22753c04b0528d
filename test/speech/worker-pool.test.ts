import { afterEach, describe, expect, it } from 'vitest';

import { AbortError } from '../../src/core/abort.ts';
import { type WorkerPool, createWorkerPool } from '../../src/speech/worker-pool.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const NEVER = new AbortController().signal;
const pools: WorkerPool<string, unknown>[] = [];

function createPool(options: { readonly workers?: number; readonly maxQueued?: number } = {}) {
  const clock = createFakeClock();
  const pool = createWorkerPool<string, unknown>(
    {
      url: new URL('scripted-worker.mjs', import.meta.url),
      workerData: 'data',
      workers: 1,
      maxQueued: 2,
      timeoutMs: 1000,
      ...options,
    },
    { clock },
  );
  pools.push(pool);
  return { pool, clock };
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('a worker pool', () => {
  it('has each input worked on in order and hands the worker its data', async () => {
    const { pool } = createPool();
    expect(await Promise.all(['a', 'b', 'c'].map((input) => pool.run(input, NEVER)))).toEqual([
      'data:a',
      'data:b',
      'data:c',
    ]);
  });

  it('uses as many threads as it may and no more', async () => {
    const { pool } = createPool({ workers: 2, maxQueued: 8 });
    const threads = await Promise.all(Array.from({ length: 6 }, () => pool.run('thread', NEVER)));
    expect(new Set(threads).size).toBe(2);
  });

  it('passes on what a worker says has failed, and goes on with the same thread', async () => {
    const { pool } = createPool();
    const before = await pool.run('thread', NEVER);
    await expect(pool.run('fail', NEVER)).rejects.toMatchObject({
      code: 'ERR_SPEECH_FAILED',
      cause: { message: 'no' },
    });
    expect(await pool.run('thread', NEVER)).toBe(before);
  });

  it.each(['crash', 'throw'])(
    'survives a worker that dies (%s) and serves who waits',
    async (how) => {
      const { pool } = createPool();
      const dying = pool.run(how, NEVER);
      const next = pool.run('after', NEVER);
      await expect(dying).rejects.toMatchObject({ code: 'ERR_SPEECH_FAILED' });
      expect(await next).toBe('data:after');
    },
  );

  it('replaces a worker that takes too long', async () => {
    const { pool, clock } = createPool();
    const before = await pool.run('thread', NEVER);
    const hanging = pool.run('hang', NEVER);
    const next = pool.run('thread', NEVER);
    clock.advance(1000);
    await expect(hanging).rejects.toMatchObject({ code: 'ERR_SPEECH_FAILED' });
    expect(await next).not.toBe(before);
  });

  it('refuses an input when the queue is full', async () => {
    const { pool, clock } = createPool({ maxQueued: 1 });
    const hanging = pool.run('hang', NEVER);
    const waiting = pool.run('b', NEVER);
    await expect(pool.run('c', NEVER)).rejects.toMatchObject({ code: 'ERR_SPEECH_FAILED' });
    clock.advance(1000);
    await expect(hanging).rejects.toThrow('took too long');
    expect(await waiting).toBe('data:b');
  });

  it('forgets an input that is called off while it waits, and makes room', async () => {
    const { pool, clock } = createPool({ maxQueued: 1 });
    const hanging = pool.run('hang', NEVER);
    const controller = new AbortController();
    const calledOff = pool.run('crash', controller.signal);
    controller.abort();
    await expect(calledOff).rejects.toBeInstanceOf(AbortError);
    const waiting = pool.run('b', NEVER);
    clock.advance(1000);
    await expect(hanging).rejects.toThrow('took too long');
    expect(await waiting).toBe('data:b');
  });

  it('lets go at once of an input that is called off while it is worked on', async () => {
    const { pool } = createPool();
    const controller = new AbortController();
    const calledOff = pool.run('hang', controller.signal);
    controller.abort();
    await expect(calledOff).rejects.toBeInstanceOf(AbortError);
  });

  it('does not begin what was called off before', async () => {
    const { pool } = createPool();
    await expect(pool.run('crash', AbortSignal.abort())).rejects.toBeInstanceOf(AbortError);
    expect(await pool.run('a', NEVER)).toBe('data:a');
  });

  it('fails all that is open when it is closed, twice if need be, and stays closed', async () => {
    const { pool } = createPool();
    const open = [pool.run('hang', NEVER), pool.run('b', NEVER)];
    const failures = Promise.allSettled(open);
    await Promise.all([pool.close(), pool.close()]);
    for (const failure of await failures)
      expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'ERR_SPEECH_FAILED' } });
    await expect(pool.run('c', NEVER)).rejects.toThrow('is closed');
  });
});
