import type { Clock } from '../core/clock.ts';
import type { IssuerKeyStatus } from '../auth/key-source.ts';
import type { CallsSeen, LiveCall, RecentTurn } from '../conversation/watch-calls.ts';
import type {
  BotStatus,
  DashboardSource,
  LimitStatus,
  TokenGenerationStatus,
} from './dashboard-source.ts';
import type { ActiveLogLevel } from './log-levels-contract.ts';
import { type ReadinessReport, isReady } from './readiness.ts';
import { type Count, followCounter } from './recent-counts.ts';

/** What the operator's page shows, as JSON. No token, and nothing of what a caller said, pressed or sent. */
export interface DashboardState {
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly service: string;
  readonly readiness: ReadinessReport & { readonly isReady: boolean };
  readonly calls: {
    readonly total: number;
    readonly byState: CallsSeen['byState'];
    /** At most 200. */
    readonly shown: readonly LiveCall[];
  };
  readonly turns: readonly RecentTurn[];
  readonly counts: {
    readonly admissions: readonly Count[];
    readonly authentications: readonly Count[];
    readonly callsEnded: readonly Count[];
    readonly botFailures: readonly Count[];
  };
  /** At most 100; those in trouble first. */
  readonly bots: readonly (BotStatus & { readonly calls: number })[];
  readonly keys: {
    readonly issuers: readonly IssuerKeyStatus[];
    readonly replayPolicy: string;
    readonly generations: readonly TokenGenerationStatus[];
  };
  readonly limits: readonly LimitStatus[];
  /** The five that are nearest to their limit. */
  readonly organisations: readonly {
    readonly organisation: string;
    readonly used: number;
    readonly max: number;
  }[];
  readonly logLevels: readonly ShownLogLevel[] | undefined;
}

/** A changed log level; of a conversation only the beginning of its id. */
export interface ShownLogLevel extends Pick<ActiveLogLevel, 'id' | 'level' | 'untilMs'> {
  readonly scope: { readonly type: ActiveLogLevel['scope']['type']; readonly id: string };
}

const MAX_CALLS = 200;
const MAX_BOTS = 100;
const MAX_GENERATIONS = 50;
const MAX_ORGANISATIONS = 5;
const MAX_LEVELS = 50;
const SHOWN_ID_LENGTH = 8;

/** What the state is made of. */
export interface DashboardStateDeps {
  readonly clock: Clock;
  readonly readiness: () => ReadinessReport;
  readonly serviceName: string;
  readonly source: DashboardSource;
}

/** Reads {@link DashboardState} anew each time. */
export interface DashboardReader {
  read(): Promise<DashboardState>;
  /** Stops following the counters. */
  close(): void;
}

/** Creates the reader; it begins to follow the counters. */
export function createDashboardReader(deps: DashboardStateDeps): DashboardReader {
  const { clock, source } = deps;
  const { counters } = source;
  const startedAtMs = clock.now();
  const admissions = followCounter(counters.admissions, 'decision', clock);
  const authentications = followCounter(counters.authentications, 'result', clock);
  const callsEnded = followCounter(counters.callsEnded, 'reason', clock);
  const botFailures = followCounter(counters.botFailures, 'kind', clock);
  return {
    async read() {
      const counts = {
        admissions: await admissions.read(),
        authentications: await authentications.read(),
        callsEnded: await callsEnded.read(),
        botFailures: await botFailures.read(),
      };
      const readiness = deps.readiness();
      const seen = source.calls.look(MAX_CALLS);
      return {
        atMs: clock.now(),
        startedAtMs,
        service: deps.serviceName,
        readiness: { ...readiness, isReady: isReady(readiness) },
        calls: { total: seen.total, byState: seen.byState, shown: seen.calls },
        turns: source.calls.turns(),
        counts,
        bots: source
          .bots()
          .map((bot) => ({ ...bot, calls: seen.byAgent.get(bot.agent) ?? 0 }))
          .sort((a, b) => troubleOf(b) - troubleOf(a) || b.calls - a.calls)
          .slice(0, MAX_BOTS),
        keys: {
          issuers: source.issuers(),
          replayPolicy: source.replayPolicy,
          generations: source.generations(MAX_GENERATIONS),
        },
        limits: source.limits(),
        organisations: [...seen.byOrganisation]
          .map(([organisation, used]) => ({
            organisation,
            used,
            max: source.organisationLimit(organisation),
          }))
          .sort((a, b) => b.used / b.max - a.used / a.max)
          .slice(0, MAX_ORGANISATIONS),
        logLevels: source.logLevels?.list().slice(0, MAX_LEVELS).map(toShownLogLevel),
      };
    },
    close() {
      for (const followed of [admissions, authentications, callsEnded, botFailures])
        followed.close();
    },
  };
}

/** Shows a changed level without the conversation's whole id. */
export function toShownLogLevel({ id, scope, level, untilMs }: ActiveLogLevel): ShownLogLevel {
  const shown =
    scope.type === 'organisation'
      ? scope.organisationId
      : scope.conversationId.slice(0, SHOWN_ID_LENGTH);
  return { id, level, untilMs, scope: { type: scope.type, id: shown } };
}

function troubleOf({ guard }: BotStatus): number {
  if (guard === undefined || guard.breaker === 'closed') return 0;
  return guard.breaker === 'open' ? 2 : 1;
}
