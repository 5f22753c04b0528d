import { describe, expect, it } from 'vitest';

import type { DashboardView, TokenGenerationStatus } from '../../src/admin/dashboard-source.ts';
import { addTotals, fromSharedCall, mergeDashboards } from '../../src/cluster/merge-dashboards.ts';
import type { LiveCall, RecentTurn } from '../../src/conversation/watch-calls.ts';

const call = (number: number, more: Partial<LiveCall> = {}): LiveCall => ({
  call: number,
  conversation: `call-${number}`,
  organisation: 'one',
  agent: 'desk',
  bot: 'script',
  state: 'listening',
  startedAtMs: number,
  turns: 1,
  failures: 0,
  ...more,
});
const turn = (number: number, endedAtMs: number): RecentTurn => ({
  call: number,
  conversation: `call-${number}`,
  organisation: 'one',
  agent: 'desk',
  bot: 'script',
  turn: 1,
  input: 'digits',
  outcome: 'answered',
  endedAtMs,
  doneAfterMs: 10,
});
const generation = (more: Partial<TokenGenerationStatus> = {}): TokenGenerationStatus => ({
  organisation: 'one',
  dataSource: 'https://bots.test',
  sinceMs: 100,
  issuedAtMs: 50,
  expiresAtMs: 900,
  ...more,
});
const view = (more: Partial<DashboardView> = {}): DashboardView => ({
  calls: {
    total: 0,
    byState: { listening: 0, 'caller-speaking': 0, 'bot-thinking': 0, 'bot-speaking': 0 },
    shown: [],
  },
  turns: [],
  bots: [],
  keys: { issuers: [], replayPolicy: 'rotation', generations: [] },
  limits: [],
  organisations: [],
  ...more,
});
const calls = (shown: readonly LiveCall[], total = shown.length): Partial<DashboardView> => ({
  calls: {
    total,
    byState: { listening: total, 'caller-speaking': 0, 'bot-thinking': 0, 'bot-speaking': 1 },
    shown,
  },
});
const merge = (...views: readonly Partial<DashboardView>[]) =>
  mergeDashboards(views.map((one, index) => ({ worker: index + 1, view: view(one) })));

describe('the views of several workers as one', () => {
  it('adds calls up, and shows those whose bot fails first, then the newest', () => {
    const merged = merge(calls([call(1), call(3)]), calls([call(2), call(1, { failures: 1 })]));
    expect(merged.calls.total).toBe(4);
    expect(merged.calls.byState).toMatchObject({ listening: 4, 'bot-speaking': 2 });
    expect(merged.calls.shown.map(({ call: shared }) => fromSharedCall(shared))).toEqual([
      { worker: 2, call: 1 },
      { worker: 1, call: 3 },
      { worker: 2, call: 2 },
      { worker: 1, call: 1 },
    ]);
  });

  it('gives each call a number of its own, however many workers there have been', () => {
    const merged = mergeDashboards(
      [1, 2, 1_000_000].map((worker) => ({ worker, view: view(calls([call(7)])) })),
    );
    const numbers = merged.calls.shown.map(({ call: shared }) => shared);
    expect(new Set(numbers).size).toBe(3);
    expect(numbers.every(Number.isSafeInteger)).toBe(true);
  });

  it('shows as many calls and turns as one worker may', () => {
    const many = Array.from({ length: 200 }, (_call, index) => call(index));
    const turns = Array.from({ length: 60 }, (_turn, index) => turn(index, index));
    const merged = merge({ ...calls(many), turns }, { ...calls(many), turns });
    expect(merged.calls.total).toBe(400);
    expect(merged.calls.shown).toHaveLength(200);
    expect(merged.turns).toHaveLength(60);
  });

  it('puts recent turns in the order in which they ended, the newest first', () => {
    const merged = merge({ turns: [turn(1, 30), turn(1, 10)] }, { turns: [turn(1, 20)] });
    expect(merged.turns.map(({ endedAtMs }) => endedAtMs)).toEqual([30, 20, 10]);
  });

  it('shows the worst breaker of a bot, and adds up what it is doing and may do', () => {
    const bot = (agent: string, breaker: 'closed' | 'open' | 'half-open', inFlight: number) => ({
      agent,
      name: agent,
      bot: 'script',
      calls: 2,
      guard: { breaker, inFlight, maxConcurrent: 10 },
    });
    const relayed = { agent: 'relay', name: 'relay', bot: 'relay-grpc', calls: 1 };
    const merged = merge(
      { bots: [bot('good', 'closed', 1), bot('bad', 'half-open', 1), relayed] },
      { bots: [bot('good', 'closed', 2), bot('bad', 'open', 3), relayed] },
    );
    expect(merged.bots).toMatchObject([
      { agent: 'bad', calls: 4, guard: { breaker: 'open', inFlight: 4, maxConcurrent: 20 } },
      { agent: 'good', calls: 4, guard: { breaker: 'closed', inFlight: 3, maxConcurrent: 20 } },
      { agent: 'relay', calls: 2 },
    ]);
    expect(merged.bots[2]).not.toHaveProperty('guard');
  });

  it('shows of an issuer’s keys the worst that a worker has', () => {
    const issuer = 'https://issuer.test';
    const keys = (...issuers: DashboardView['keys']['issuers']): Partial<DashboardView> => ({
      keys: { issuers, replayPolicy: 'rotation', generations: [] },
    });
    expect(
      merge(
        keys({ issuer, keys: 2, isStale: false, ageMs: 5 }),
        keys({ issuer, keys: 1, isStale: true, ageMs: 50 }),
      ).keys,
    ).toMatchObject({ issuers: [{ keys: 1, isStale: true, ageMs: 50 }], replayPolicy: 'rotation' });
    expect(
      merge(
        keys({ issuer, keys: 0, isStale: false, ageMs: undefined }),
        keys({ issuer, keys: 1, isStale: false, ageMs: 5 }),
      ).keys.issuers,
    ).toEqual([{ issuer, keys: 0, isStale: false, ageMs: undefined }]);
  });

  it('shows the newest token generation of a data source, since it was first seen anywhere', () => {
    const keys = (...generations: readonly TokenGenerationStatus[]): Partial<DashboardView> => ({
      keys: { issuers: [], replayPolicy: 'rotation', generations },
    });
    const other = generation({ organisation: 'two' });
    expect(
      merge(
        keys(generation({ issuedAtMs: 40, sinceMs: 1 }), other),
        keys(generation({ sinceMs: 300 })),
        keys(generation({ sinceMs: 200 })),
      ).keys.generations,
    ).toEqual([generation({ sinceMs: 200 }), other]);
  });

  it('shows each limit as the worker has it that is nearest to it', () => {
    const limits = (used: number, max: number): Partial<DashboardView> => ({
      limits: [{ name: 'conversations', used, max, unit: 'count' }],
      organisations: [{ organisation: 'one', used, max }],
    });
    const merged = merge(limits(3, 10), limits(9, 10), limits(10, 100));
    expect(merged.limits).toEqual([{ name: 'conversations', used: 9, max: 10, unit: 'count' }]);
    expect(merged.organisations).toEqual([{ organisation: 'one', used: 9, max: 10 }]);
  });

  it('is empty when no worker answers', () => {
    expect(mergeDashboards([])).toMatchObject({ calls: { total: 0, shown: [] }, turns: [] });
  });

  it('adds up what was counted, by name', () => {
    const none = { admissions: {}, authentications: {}, callsEnded: {}, botFailures: {} };
    expect(
      addTotals([
        { ...none, authentications: { ok: 2 } },
        { ...none, authentications: { ok: 3, ERR_AUTH_EXPIRED: 1 } },
      ]),
    ).toEqual({ ...none, authentications: { ok: 5, ERR_AUTH_EXPIRED: 1 } });
  });
});
