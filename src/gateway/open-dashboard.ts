import { getHeapStatistics } from 'node:v8';

import type {
  BotStatus,
  DashboardSource,
  LimitStatus,
  TokenGenerationStatus,
} from '../admin/dashboard-source.ts';
import type { KeySource } from '../auth/key-source.ts';
import type { ReplayGuard } from '../auth/replay-guard.ts';
import type { GenerationRecord, LocalReplayStore } from '../auth/replay-store.ts';
import type { Config } from '../config/config.ts';
import type { Agent } from '../conversation/agent.ts';
import type { ProcessLoad } from '../conversation/admission-pressure.ts';
import type { AdmissionLimits } from '../conversation/admission.ts';
import type { Clock } from '../core/clock.ts';
import { isGuarded } from '../handlers/guarded/guard-bot.ts';
import type { ConnectionCounts } from '../transport/connection-guard.ts';

/** What of the gateway the operator's page looks at. */
export interface DashboardParts extends Pick<
  DashboardSource,
  'calls' | 'counters' | 'drain' | 'logLevels'
> {
  readonly clock: Pick<Clock, 'now'>;
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
  {
    clock,
    agents,
    conversations,
    connections,
    load,
    admissionLimits,
    keys,
    replay,
    replayMemory,
    ...parts
  }: DashboardParts,
): DashboardSource {
  return {
    ...parts,
    bots: () => agents().map(toBotStatus),
    issuers: keys.status,
    replayPolicy: replay.policy,
    generations: (max) =>
      replayMemory.recent(max, clock.now()).flatMap(([identity, record]) => {
        const status = toGenerationStatus(identity, record);
        return status === undefined ? [] : [status];
      }),
    limits: () => [
      {
        name: 'conversations',
        used: conversations(),
        max: admissionLimits().maxConversations,
        unit: 'count',
      },
      ...connectionStatus(connections()),
      {
        name: 'loop-delay',
        used: Math.round(load.loopDelayMs()),
        max: conversation.shedding.loopDelayMs,
        unit: 'milliseconds',
      },
      heapStatus(),
    ],
    organisationLimit(organisation) {
      const { organisationLimits, maxPerOrganisation } = admissionLimits();
      return organisationLimits[organisation] ?? maxPerOrganisation;
    },
  };
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
