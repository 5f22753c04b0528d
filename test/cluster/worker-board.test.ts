import { describe, expect, it } from 'vitest';

import { type WorkerReport, createWorkerBoard } from '../../src/cluster/worker-board.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const REPORT: WorkerReport = {
  readiness: { state: 'ready', reasons: [], notices: ['replay-off'] },
  dependencies: { bots: { closed: 1, open: 0 } },
  totals: { admissions: { admitted: 2 }, authentications: {}, callsEnded: {}, botFailures: {} },
};

/** Workers that answer with their report, or not at all while they are silent. */
function createWorkers(...numbers: readonly number[]) {
  const silent = new Set<number>();
  const all = numbers.map((worker) => ({
    worker,
    isReady: () => true,
    channel: {
      ask: () => (silent.has(worker) ? Promise.reject(new Error()) : Promise.resolve(REPORT)),
      answer: () => undefined,
      close: () => undefined,
    },
  }));
  return { all, silent };
}

function createBoard(workers: ReturnType<typeof createWorkers>) {
  const clock = createFakeClock();
  const hung: number[] = [];
  const board = createWorkerBoard({
    clock,
    workers: () => workers.all,
    outdated: () => 0,
    state: () => 'ready',
    onHung: (worker) => void hung.push(worker),
  });
  const tick = async (): Promise<void> => {
    clock.advance(500);
    await new Promise(setImmediate);
  };
  return { board, hung, tick };
}

describe('what the primary knows of its workers', () => {
  it('is ready when one is, adds up, and says what each is doing', async () => {
    const { board, tick } = createBoard(createWorkers(1, 2));
    expect(board.readiness()).toMatchObject({ reasons: ['no-worker-ready'] });
    await tick();
    expect(board.readiness()).toEqual({ state: 'ready', reasons: [], notices: ['replay-off'] });
    expect(board.dependencies()).toEqual({
      workers: { ready: 2, starting: 0, silent: 0, outdated: 0 },
      bots: { closed: 2, open: 0 },
    });
    expect((await board.totals()).admissions).toEqual({ admitted: 4 });
  });

  it('does not count on a worker that is silent, says so, and believes it again', async () => {
    const workers = createWorkers(1, 2);
    const { board, tick } = createBoard(workers);
    await tick();
    workers.silent.add(2);
    await tick();
    expect(board.readiness().notices).toEqual(['replay-off', 'worker-silent']);
    expect(board.dependencies()).toMatchObject({
      workers: { ready: 1, silent: 1 },
      bots: { closed: 1 },
    });
    workers.silent.add(1);
    await tick();
    expect(board.readiness().reasons).toEqual(['no-worker-ready']);
    workers.silent.clear();
    await tick();
    expect(board.readiness()).toEqual({ state: 'ready', reasons: [], notices: ['replay-off'] });
  });

  it('gives a worker up that has not answered thirty times, once', async () => {
    const workers = createWorkers(1, 2);
    const { hung, tick } = createBoard(workers);
    await tick();
    workers.silent.add(2);
    for (let miss = 1; miss < 30; miss += 1) await tick();
    expect(hung).toEqual([]);
    for (let miss = 30; miss < 33; miss += 1) await tick();
    expect(hung).toEqual([2]);
  });

  it('keeps what a worker had counted when it has ended', async () => {
    const workers = createWorkers(1, 2);
    const { board, tick } = createBoard(workers);
    await tick();
    workers.all.pop();
    board.retire(2);
    expect((await board.totals()).admissions).toEqual({ admitted: 4 });
    expect(board.dependencies()).toMatchObject({ workers: { ready: 1, silent: 0 } });
  });
});
