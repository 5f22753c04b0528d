import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';
import type { DashboardTotals } from './dashboard-source.ts';

/** How often something happened. */
export interface Count {
  readonly name: string;
  /** Since the gateway started. */
  readonly total: number;
  /** In the last five minutes, or since the gateway started. */
  readonly recent: number;
}

/** Follows totals over the last minutes. */
export interface RecentCounts {
  /** One count a name, most often first. */
  read(): Promise<Readonly<Record<keyof DashboardTotals, readonly Count[]>>>;
  close(): void;
}

const SAMPLE_MS = 15_000;
const SAMPLES = 20;
const NOTHING: DashboardTotals = {
  admissions: {},
  authentications: {},
  callsEnded: {},
  botFailures: {},
};

/** Follows what `readTotals` reads: five minutes of samples are kept. */
export function followTotals(
  readTotals: () => Promise<DashboardTotals>,
  clock: Clock,
): RecentCounts {
  /** Oldest first; nothing had happened before the first. */
  const samples: DashboardTotals[] = [NOTHING];
  const sampling = every(clock, SAMPLE_MS, () => {
    runInBackground(
      async () => {
        samples.push(await readTotals());
        if (samples.length > SAMPLES) samples.shift();
      },
      () => undefined,
    );
  });
  return {
    async read() {
      const before = samples[0] ?? NOTHING;
      const now = await readTotals();
      const since = (kind: keyof DashboardTotals): readonly Count[] =>
        Object.entries(now[kind])
          .map(([name, total]) => ({ name, total, recent: total - (before[kind][name] ?? 0) }))
          .sort((a, b) => b.recent - a.recent || b.total - a.total);
      return {
        admissions: since('admissions'),
        authentications: since('authentications'),
        callsEnded: since('callsEnded'),
        botFailures: since('botFailures'),
      };
    },
    close: sampling.close,
  };
}
