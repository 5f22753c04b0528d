import { byFullness, byTrouble, troubleOf } from '../admin/dashboard-order.ts';
import {
  type DashboardTotals,
  type DashboardView,
  type TokenGenerationStatus,
  VIEW_BOUNDS,
} from '../admin/dashboard-source.ts';
import type { IssuerKeyStatus } from '../auth/key-source.ts';

/** What one worker sees. */
export interface WorkerView {
  /** A number that no other worker has had. */
  readonly worker: number;
  readonly view: DashboardView;
}

type Bot = DashboardView['bots'][number];

/** More calls than one worker counts. */
const CALLS_OF_A_WORKER = 2 ** 32;
const NO_CALLS = { listening: 0, 'caller-speaking': 0, 'bot-thinking': 0, 'bot-speaking': 0 };

/** Gives the call of a worker a number that no other call of the gateway has. */
function toSharedCall(worker: number, call: number): number {
  return worker * CALLS_OF_A_WORKER + call;
}

/** Whose call a number of {@link mergeDashboards} is, and its number there. */
export function fromSharedCall(shared: number): { readonly worker: number; readonly call: number } {
  return { worker: Math.floor(shared / CALLS_OF_A_WORKER), call: shared % CALLS_OF_A_WORKER };
}

/**
 * Makes the view of one gateway of what its workers see, within the bounds of a single view: calls, states and answers that
 * are being given are added up, turns are put in order of time, of keys and breakers the worst state counts, and of a limit,
 * which holds for each worker, the worker that is nearest to it.
 */
export function mergeDashboards(all: readonly WorkerView[]): DashboardView {
  const views = all.map(({ view }) => view);
  const shared = all.flatMap(({ worker, view: { calls, turns } }) => ({
    calls: calls.shown.map((one) => ({ ...one, call: toSharedCall(worker, one.call) })),
    turns: turns.map((one) => ({ ...one, call: toSharedCall(worker, one.call) })),
  }));
  return {
    calls: {
      total: views.reduce((sum, { calls }) => sum + calls.total, 0),
      byState: views.reduce((sum, { calls }) => addCounts(sum, calls.byState), NO_CALLS),
      shown: shared
        .flatMap(({ calls }) => calls)
        .sort(
          (a, b) =>
            Number(b.failures > 0) - Number(a.failures > 0) || b.startedAtMs - a.startedAtMs,
        )
        .slice(0, VIEW_BOUNDS.calls),
    },
    turns: shared
      .flatMap(({ turns }) => turns)
      .sort((a, b) => b.endedAtMs - a.endedAtMs)
      .slice(0, VIEW_BOUNDS.turns),
    bots: mergeBy(
      views.flatMap(({ bots }) => bots),
      ({ agent }) => agent,
      mergeBots,
    )
      .sort(byTrouble)
      .slice(0, VIEW_BOUNDS.bots),
    keys: {
      issuers: mergeBy(
        views.flatMap(({ keys }) => keys.issuers),
        ({ issuer }) => issuer,
        worseKeys,
      ),
      replayPolicy: views[0]?.keys.replayPolicy ?? '',
      generations: mergeBy(
        inTurn(views.map(({ keys }) => keys.generations)),
        ({ organisation, dataSource }) => `${organisation} ${dataSource}`,
        newerGeneration,
      ).slice(0, VIEW_BOUNDS.generations),
    },
    limits: mergeBy(
      views.flatMap(({ limits }) => limits),
      ({ name }) => name,
      fuller,
    ),
    organisations: mergeBy(
      views.flatMap(({ organisations }) => organisations),
      ({ organisation }) => organisation,
      fuller,
    )
      .sort(byFullness)
      .slice(0, VIEW_BOUNDS.organisations),
  };
}

/** Adds up what workers have counted. */
export function addTotals(all: readonly DashboardTotals[]): DashboardTotals {
  const sum = (kind: keyof DashboardTotals): Readonly<Record<string, number>> =>
    all.reduce<Readonly<Record<string, number>>>(
      (total, totals) => addCounts(total, totals[kind]),
      {},
    );
  return {
    admissions: sum('admissions'),
    authentications: sum('authentications'),
    callsEnded: sum('callsEnded'),
    botFailures: sum('botFailures'),
  };
}

/** Adds counts by name. */
export function addCounts<Name extends string>(
  one: Readonly<Record<Name, number>>,
  other: Readonly<Record<Name, number>>,
): Readonly<Record<Name, number>> {
  const sum: Record<Name, number> = { ...one };
  for (const [name, count] of Object.entries(other) as [Name, number][])
    sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** One item a key, in the order in which keys come first. */
function mergeBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  merge: (one: Item, other: Item) => Item,
): Item[] {
  const merged = new Map<string, Item>();
  for (const item of items) {
    const known = merged.get(keyOf(item));
    merged.set(keyOf(item), known === undefined ? item : merge(known, item));
  }
  return [...merged.values()];
}

/** The first of each list, then the second of each, and so on. */
function inTurn<Item>(lists: readonly (readonly Item[])[]): readonly Item[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_item, index) =>
    lists.flatMap((list) => list.slice(index, index + 1)),
  ).flat();
}

function mergeBots(one: Bot, other: Bot): Bot {
  const { guard: a } = one;
  const { guard: b } = other;
  const merged = { ...one, calls: one.calls + other.calls };
  if (b === undefined) return merged;
  if (a === undefined) return { ...merged, guard: b };
  return {
    ...merged,
    guard: {
      breaker: troubleOf(other) > troubleOf(one) ? b.breaker : a.breaker,
      inFlight: a.inFlight + b.inFlight,
      maxConcurrent: a.maxConcurrent + b.maxConcurrent,
    },
  };
}

function worseKeys(one: IssuerKeyStatus, other: IssuerKeyStatus): IssuerKeyStatus {
  return {
    issuer: one.issuer,
    keys: Math.min(one.keys, other.keys),
    isStale: one.isStale || other.isStale,
    ageMs:
      one.ageMs === undefined || other.ageMs === undefined
        ? undefined
        : Math.max(one.ageMs, other.ageMs),
  };
}

/** Of the same generation, who has seen it first knows since when. */
function newerGeneration(
  one: TokenGenerationStatus,
  other: TokenGenerationStatus,
): TokenGenerationStatus {
  const age = other.issuedAtMs - one.issuedAtMs;
  return age > 0 || (age === 0 && other.sinceMs < one.sinceMs) ? other : one;
}

function fuller<Limit extends { readonly used: number; readonly max: number }>(
  one: Limit,
  other: Limit,
): Limit {
  return byFullness(one, other) > 0 ? other : one;
}
