import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';

/** A counter as prom-client reads it. */
export interface CounterSource {
  get(): Promise<{
    readonly values: readonly {
      readonly value: number;
      readonly labels: Readonly<Record<string, string | number | undefined>>;
    }[];
  }>;
}

/** How often something happened. */
export interface Count {
  readonly name: string;
  /** Since the process started. */
  readonly total: number;
  /** In the last five minutes, or since the process started. */
  readonly recent: number;
}

/** Follows a counter over the last minutes. */
export interface RecentCounts {
  /** One count a value of the label, most often first. */
  read(): Promise<readonly Count[]>;
  close(): void;
}

const SAMPLE_MS = 15_000;
const SAMPLES = 20;

type Totals = ReadonlyMap<string, number>;

/** Follows `counter` by one of its labels, whose values are a closed set: five minutes of samples are kept. */
export function followCounter(counter: CounterSource, label: string, clock: Clock): RecentCounts {
  /** Oldest first; nothing had happened before the first. */
  const samples: Totals[] = [new Map()];
  const readTotals = async (): Promise<Totals> => {
    const { values } = await counter.get();
    const totals = new Map<string, number>();
    for (const { value, labels } of values) {
      const name = String(labels[label]);
      totals.set(name, (totals.get(name) ?? 0) + value);
    }
    return totals;
  };
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
      const before = samples[0];
      return [...(await readTotals())]
        .map(([name, total]) => ({ name, total, recent: total - (before?.get(name) ?? 0) }))
        .sort((a, b) => b.recent - a.recent || b.total - a.total);
    },
    close: sampling.close,
  };
}
