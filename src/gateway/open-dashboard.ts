import { getHeapStatistics } from 'node:v8';

import { byFullness, byTrouble } from '../admin/dashboard-order.ts';
import {
  type BotStatus,
  type DashboardSource,
  type DashboardView,
  type LimitStatus,
  type TokenGenerationStatus,
  VIEW_BOUNDS,
} from '../admin/dashboard-source.ts';
import type { KeySource } from '../auth/key-source.ts';
import type { ReplayGuard } from '../auth/replay-guard.ts';
import type { GenerationRecord, LocalReplayStore } from '../auth/replay-store.ts';
import type { Config } from '../config/config.ts';
import type { Agent } from '../conversation/agent.ts';
import type { ProcessLoad } from '../conversation/admission-pressure.ts';
import type { AdmissionLimits } from '../conversation/admission.ts';
import type { CallWatch } from '../conversation/watch-calls.ts';
import type { Clock } from '../core/clock.ts';
import { isGuarded } from '../handlers/guarded/guard-bot.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ConnectionCounts } from '../transport/connection-guard.ts';

/** What of the gateway the operator's page looks at. */
export interface DashboardParts extends Pick<DashboardSource, 'drain' | 'logLevels'> {
  readonly clock: Pick<Clock, 'now'>;
  readonly calls: Pick<CallWatch, 'look' | 'turns' | 'find'>;
  readonly counters: Pick<Metrics, 'admissions' | 'authentications' | 'callsEnded' | 'botFailures'>;
  readonly agents: () => readonly Agent[];
  readonly conversations: () => number;
  readonly connections: () => ConnectionCounts;
  readonly load: Pick<ProcessLoad, 'loopDelayMs'>;
  /** As they are now; a reload changes them. */
  readonly admissionLimits: () => AdmissionLimits;
  readonly keys: Pick<KeySource, 'status'>;
  readonly replay: Pick<ReplayGuard, 'policy'>;
  readonly replayMemory: Pick<LocalReplayStore, 'recent'>;
}

/** Gathers what the operator's page shows. */
export function openDashboard(
  { conversation }: Pick<Config, 'conversation'>,
  parts: DashboardParts,
): DashboardSource {
  const { calls, counters, drain, logLevels } = parts;
  const { loopDelayMs } = conversation.shedding;
  return {
    view: () => readView(parts, loopDelayMs),
    totals: async () => ({
      admissions: await sumByLabel(counters.admissions, 'decision'),
      authentications: await sumByLabel(counters.authentications, 'result'),
      callsEnded: await sumByLabel(counters.callsEnded, 'reason'),
      botFailures: await sumByLabel(counters.botFailures, 'kind'),
    }),
    find: calls.find,
    drain,
    logLevels,
  };
}

function readView(parts: DashboardParts, maxLoopDelayMs: number): DashboardView {
  const { clock, admissionLimits, keys, replay, replayMemory } = parts;
  const { organisationLimits, maxPerOrganisation, maxConversations } = admissionLimits();
  const seen = parts.calls.look(VIEW_BOUNDS.calls);
  return {
    calls: { total: seen.total, byState: seen.byState, shown: seen.calls },
    turns: parts.calls.turns().slice(0, VIEW_BOUNDS.turns),
    bots: parts
      .agents()
      .map(toBotStatus)
      .map((bot) => ({ ...bot, calls: seen.byAgent.get(bot.agent) ?? 0 }))
      .sort(byTrouble)
      .slice(0, VIEW_BOUNDS.bots),
    keys: {
      issuers: keys.status(),
      replayPolicy: replay.policy,
      generations: replayMemory
        .recent(VIEW_BOUNDS.generations, clock.now())
        .flatMap(([identity, record]) => toGenerationStatus(identity, record) ?? []),
    },
    limits: [
      { name: 'conversations', used: parts.conversations(), max: maxConversations, unit: 'count' },
      ...connectionStatus(parts.connections()),
      {
        name: 'loop-delay',
        used: Math.round(parts.load.loopDelayMs()),
        max: maxLoopDelayMs,
        unit: 'milliseconds',
      },
      heapStatus(),
    ],
    organisations: [...seen.byOrganisation]
      .map(([organisation, used]) => ({
        organisation,
        used,
        max: organisationLimits[organisation] ?? maxPerOrganisation,
      }))
      .sort(byFullness)
      .slice(0, VIEW_BOUNDS.organisations),
  };
}

/** A counter as prom-client reads it. */
interface ReadableCounter {
  get(): Promise<{
    readonly values: readonly {
      readonly value: number;
      readonly labels: Readonly<Record<string, string | number | undefined>>;
    }[];
  }>;
}

/** Adds a counter up by one of its labels, whose values are a closed set. */
async function sumByLabel(
  counter: ReadableCounter,
  label: string,
): Promise<Readonly<Record<string, number>>> {
  const { values } = await counter.get();
  const sums: Record<string, number> = {};
  for (const { value, labels } of values) {
    const name = String(labels[label]);
    sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

function connectionStatus(counts: ConnectionCounts): readonly LimitStatus[] {
  return [
    { name: 'connections', used: counts.open, max: counts.maxOpen, unit: 'count' },
    {
      name: 'connections-without-admission',
      used: counts.unproven,
      max: counts.maxUnproven,
      unit: 'count',
    },
  ];
}

function heapStatus(): LimitStatus {
  const { used_heap_size: used, heap_size_limit: max } = getHeapStatistics();
  return { name: 'heap', used, max, unit: 'bytes' };
}

function toBotStatus({ id, name, bot }: Agent): BotStatus {
  const status = { agent: id, name, bot: bot.name };
  if (!isGuarded(bot)) return status;
  const { state, inFlight, maxConcurrent } = bot;
  return { ...status, guard: { breaker: state(), inFlight: inFlight(), maxConcurrent } };
}

/** An identity is the list that `auth/authenticate` writes: issuer, organisation, URL, schema, audience, subject. */
function toGenerationStatus(
  identity: string,
  { current, previous, currentSinceMs }: GenerationRecord,
): TokenGenerationStatus | undefined {
  const parts: unknown = JSON.parse(identity);
  if (!Array.isArray(parts)) return undefined;
  const [, organisation, dataSource] = parts as readonly unknown[];
  if (typeof organisation !== 'string' || typeof dataSource !== 'string') return undefined;
  return {
    organisation,
    dataSource,
    sinceMs: currentSinceMs,
    issuedAtMs: current.issuedAtMs,
    expiresAtMs: current.expiresAtMs,
    ...(previous === undefined ? {} : { previousExpiresAtMs: previous.expiresAtMs }),
  };
}
