import type { DependencyCounts } from '../admin/health-routes.ts';
import type { RevocationEffect } from '../admin/operations-routes.ts';
import { type ReadinessReport, isReady } from '../admin/readiness.ts';
import type { AdminDeps } from '../admin/start-admin.ts';
import type { DataSources, Revocable } from '../auth/data-sources.ts';
import type { Config } from '../config/config.ts';
import type { LifecycleState } from '../core/lifecycle.ts';
import { type MetricsSnapshot, createMergedMetrics } from '../telemetry/merge-metrics.ts';
import type { Channel } from './channel.ts';

/** What a worker tells of itself; it is asked twice a second. */
export interface WorkerReport {
  readonly readiness: ReadinessReport;
  readonly dependencies: DependencyCounts;
}

/** What the primary shows of its workers. */
export interface WorkerBoard {
  admin(config: Config): Omit<AdminDeps, 'clock' | 'logger'>;
  /** Forgets a worker that has ended, but not what it had counted. */
  retire(channel: Channel): Promise<void>;
  close(): void;
}

interface BoardDeps {
  readonly channels: () => readonly Channel[];
  readonly revocations: Pick<DataSources, 'revoke' | 'restore' | 'revoked'>;
  readonly state: () => LifecycleState;
}

const REPORT_INTERVAL_MS = 500;

/** Collects what workers tell, and makes one gateway of it for the admin port. */
export function createWorkerBoard({ channels, revocations, state }: BoardDeps): WorkerBoard {
  const merged = createMergedMetrics();
  const reports = new Map<Channel, WorkerReport>();
  // What a scrape has shown is what must not go down later.
  const shown = new Map<Channel, MetricsSnapshot>();

  /** Those who do not answer in time are left out. */
  const askAll = async (
    question: string,
    body?: unknown,
  ): Promise<readonly (readonly [Channel, unknown])[]> => {
    const asked = channels().map(
      async (channel) => [channel, await channel.ask(question, body)] as const,
    );
    const answers = await Promise.allSettled(asked);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  };
  const collect = async (): Promise<void> => {
    for (const [channel, report] of await askAll('report'))
      if (channels().includes(channel)) reports.set(channel, report as WorkerReport);
  };
  const poll = setInterval(() => void collect(), REPORT_INTERVAL_MS);

  return {
    admin: ({ admin: { token } }) => ({
      registry: {
        contentType: merged.contentType as AdminDeps['registry']['contentType'],
        async metrics() {
          for (const [channel, snapshot] of await askAll('metrics'))
            if (channels().includes(channel)) shown.set(channel, snapshot as MetricsSnapshot);
          return merged.text([...shown.values()]);
        },
      },
      readiness: () =>
        mergeReadiness(
          state(),
          [...reports.values()].map(({ readiness }) => readiness),
        ),
      dependencies: () => sumCounts([...reports.values()].map(({ dependencies }) => dependencies)),
      operations:
        token === undefined
          ? undefined
          : {
              token,
              revocations: {
                async revoke(what: Revocable) {
                  revocations.revoke(what);
                  const effects = await askAll('revoke', what);
                  return effects.reduce<RevocationEffect>(
                    (sum, [, effect]) => addEffect(sum, effect as RevocationEffect),
                    { conversations: 0, streams: 0 },
                  );
                },
                async restore(what: Revocable) {
                  const wasRevoked = revocations.restore(what);
                  await askAll('restore', what);
                  return wasRevoked;
                },
                revoked: revocations.revoked,
              },
            },
    }),
    async retire(channel) {
      reports.delete(channel);
      const last = shown.get(channel);
      shown.delete(channel);
      if (last !== undefined) await merged.retire(last);
    },
    close: () => clearInterval(poll),
  };
}

/** Ready when one worker is: connections reach those that listen. Reasons and notices of all, once each. */
function mergeReadiness(
  state: LifecycleState,
  reports: readonly ReadinessReport[],
): ReadinessReport {
  const notices = unique(reports.flatMap((report) => report.notices));
  if (reports.some(isReady)) return { state, reasons: [], notices };
  const reasons = unique(reports.flatMap((report) => report.reasons));
  return { state, reasons: reasons.length === 0 ? ['no-worker-ready'] : reasons, notices };
}

/** Adds counts by kind and state. */
function sumCounts(all: readonly DependencyCounts[]): DependencyCounts {
  const sums: Record<string, Record<string, number>> = {};
  for (const counts of all)
    for (const [kind, states] of Object.entries(counts)) {
      const sum = (sums[kind] ??= {});
      for (const [name, count] of Object.entries(states)) sum[name] = (sum[name] ?? 0) + count;
    }
  return sums;
}

function addEffect(one: RevocationEffect, other: RevocationEffect): RevocationEffect {
  return {
    conversations: one.conversations + other.conversations,
    streams: one.streams + other.streams,
  };
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
