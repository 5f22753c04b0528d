import { describe, expect, it, vi } from 'vitest';

import type { DashboardSource, DashboardView } from '../../src/admin/dashboard-source.ts';
import { createWorkerDashboards, showToPrimary } from '../../src/cluster/worker-dashboards.ts';
import { mergeDashboards } from '../../src/cluster/merge-dashboards.ts';
import { createLogLevels } from '../../src/telemetry/log-levels.ts';
import { createChannelPair } from '../support/channel-pair.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const ORGANISATION = 'abcdefab-2222-4333-8444-555555555555';
const EMPTY = mergeDashboards([]);
const LEVEL = {
  scope: { type: 'organisation', organisationId: ORGANISATION },
  level: 'debug',
  forSeconds: 60,
} as const;

function createPage() {
  const clock = createFakeClock();
  const workers: { worker: number; channel: ReturnType<typeof createChannelPair>['primary'] }[] =
    [];
  let drains = 0;
  const page = createWorkerDashboards({
    clock,
    workers: () => workers,
    totals: () => Promise.reject(new Error('nobody asks')),
    drain: () => void (drains += 1),
  });
  /** Starts a worker that has one call, of number 7. */
  const start = async (worker: number) => {
    const { primary, worker: own } = createChannelPair();
    const member = { worker, channel: primary };
    workers.push(member);
    primary.answer('welcome', () => page.welcome(member));
    const levels = createLogLevels(clock);
    const view: DashboardView = { ...EMPTY, calls: { ...EMPTY.calls, total: 1 } };
    const dashboard: DashboardSource = {
      view: () => view,
      totals: () => Promise.reject(new Error('nobody asks')),
      find: (call) =>
        call === 7 ? { organisation: ORGANISATION, conversationId: `of-${worker}` } : undefined,
      drain: () => undefined,
    };
    await showToPrimary(own, { dashboard, logLevels: levels });
    return levels;
  };
  return { page, workers, start, clock, drains: () => drains };
}

describe('the operator’s page of several workers', () => {
  it('shows what all of them see, and leaves out one that does not answer', async () => {
    const { page, workers, start } = createPage();
    await start(1);
    await start(2);
    expect((await page.source.view()).calls.total).toBe(2);
    workers[0]?.channel.close();
    expect((await page.source.view()).calls.total).toBe(1);
  });

  it('does not wait long for one that stands still', async () => {
    const { page, workers, start } = createPage();
    await start(1);
    const deaf = createChannelPair();
    deaf.worker.answer('view', () => new Promise(() => undefined));
    workers.push({ worker: 2, channel: deaf.primary });
    const ask = vi.spyOn(deaf.primary, 'ask');
    expect((await page.source.view()).calls.total).toBe(1);
    expect(ask).toHaveBeenCalledWith('view', undefined, 500);
  });

  it('finds a call by its number at the worker that has it', async () => {
    const { page, start } = createPage();
    await start(1);
    await start(2);
    expect(await page.source.find(2 * 2 ** 32 + 7)).toMatchObject({ conversationId: 'of-2' });
    expect(await page.source.find(2 * 2 ** 32 + 8)).toBeUndefined();
    expect(await page.source.find(3 * 2 ** 32 + 7)).toBeUndefined();
  });

  it('has a log level hold in every worker, one that starts later included, until it is over', async () => {
    const { page, start, clock } = createPage();
    const first = await start(1);
    const { logLevels } = page.source;
    const { id } = (await logLevels?.set(LEVEL)) ?? {};
    expect(first.levelOf(ORGANISATION, undefined)).toBe('debug');
    const second = await start(2);
    await vi.waitFor(() => expect(second.levelOf(ORGANISATION, undefined)).toBe('debug'));
    clock.advance(60_000);
    expect(logLevels?.list()).toEqual([]);
    for (const levels of [first, second])
      expect(levels.levelOf(ORGANISATION, undefined)).toBeUndefined();
    expect(await logLevels?.clear(id ?? '')).toBe(false);
  });

  it('takes a log level back in every worker', async () => {
    const { page, start } = createPage();
    const levels = await start(1);
    const { id } = (await page.source.logLevels?.set(LEVEL)) ?? {};
    expect(await page.source.logLevels?.clear(id ?? '')).toBe(true);
    expect(levels.size()).toBe(0);
  });
});
