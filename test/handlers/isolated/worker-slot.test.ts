import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import { createStartQueue } from '../../../src/handlers/isolated/start-queue.ts';
import type { WorkerLink } from '../../../src/handlers/isolated/worker-link.ts';
import { startWorkerSlot } from '../../../src/handlers/isolated/worker-slot.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

async function createSlot(refuses = false) {
  const clock = createFakeClock();
  const starts: number[] = [];
  let closed = 0;
  let lose = (): void => undefined;
  const slot = await startWorkerSlot({
    clock,
    logger: silentLogger,
    bot: 'bot',
    restartAfterMs: 250,
    queue: createStartQueue(clock),
    async start(onLost) {
      starts.push(clock.now());
      lose = onLost;
      if (refuses && starts.length > 1) throw new Error('cannot start');
      const link: WorkerLink = {
        name: 'bot',
        hears: undefined,
        keepsCalls: undefined,
        leave: () => undefined,
        async *answer() {},
        end: async () => undefined,
        close: async () => void (closed += 1),
      };
      return link;
    },
  });
  const settle = () => new Promise(setImmediate);
  return { clock, slot, starts, closed: () => closed, lose: () => lose(), settle };
}

describe('the place of a worker', () => {
  it('is filled again at once, then after pauses that double, up to 30 seconds', async () => {
    const { clock, starts, lose, settle } = await createSlot();
    const pauses: number[] = [];
    for (let loss = 0; loss < 10; loss++) {
      const lostAtMs = clock.now();
      const before = starts.length;
      lose();
      await settle();
      while (starts.length === before) {
        clock.advance(50);
        await settle();
      }
      pauses.push(clock.now() - lostAtMs);
    }
    expect(pauses).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('is filled at once again after a worker that lived for a minute', async () => {
    const { clock, starts, lose, settle } = await createSlot();
    lose();
    await settle();
    clock.advance(60_000);
    lose();
    await settle();
    expect(starts).toHaveLength(3);
  });

  it('refuses during the pause, and tries again when a worker does not start', async () => {
    const { clock, slot, starts, lose, settle } = await createSlot(true);
    lose();
    await settle();
    expect(() => slot.link()).toThrow('no worker');
    clock.advance(250);
    await settle();
    expect(starts).toHaveLength(3);
    await slot.close();
  });

  it('starts nothing when it is closed, and leaves no timer', async () => {
    const { clock, slot, starts, closed, lose, settle } = await createSlot();
    lose();
    await settle();
    lose();
    await slot.close();
    clock.advance(60_000);
    await settle();
    expect(starts).toHaveLength(2);
    expect(clock.pending()).toBe(0);
    expect(closed()).toBe(0);
    expect(() => slot.link()).toThrow('no worker');
  });

  it('closes a worker that was being started', async () => {
    const { slot, closed, lose } = await createSlot();
    lose();
    await slot.close();
    expect(closed()).toBe(1);
  });
});
