import type { GatewayChild } from './gateway-child.ts';

const DELAY = 'byova_caller_packet_delay_seconds';

/** What the gateway says of a stretch of time. */
export interface ServerFigures {
  readonly seconds: number;
  /** Of a core. */
  readonly cpu: number;
  readonly residentBytes: number;
  /** Packets of caller audio. */
  readonly packets: number;
  /** How late they were handled, against their own pace; in milliseconds, interpolated within the histogram's buckets. */
  readonly frameDelayP50Ms: number;
  readonly frameDelayP99Ms: number;
  /** Share of them that were handled within 20 ms. */
  readonly within20Ms: number;
}

/** Looks at a gateway at the ends of stretches of time. */
export interface ServerWatch {
  /** What happened since the last time. */
  take(): Promise<ServerFigures>;
}

/** Begins to watch. */
export async function watchServer(
  gateway: Pick<GatewayChild, 'metrics' | 'cpuMicros'>,
): Promise<ServerWatch> {
  const look = async () => {
    const [metrics, cpuMicros] = await Promise.all([gateway.metrics(), gateway.cpuMicros()]);
    return { metrics, cpuMicros, atMs: performance.now() };
  };
  let before = await look();
  return {
    async take() {
      const after = await look();
      const { metrics: since } = before;
      const buckets = bucketsBetween(since, after.metrics);
      const elapsedMs = after.atMs - before.atMs;
      const cpu = (after.cpuMicros - before.cpuMicros) / 1_000 / elapsedMs;
      before = after;
      const packets = buckets.at(-1)?.count ?? 0;
      return {
        seconds: elapsedMs / 1_000,
        cpu,
        residentBytes: after.metrics.get('byova_process_resident_memory_bytes') ?? Number.NaN,
        packets,
        frameDelayP50Ms: quantile(buckets, 0.5),
        frameDelayP99Ms: quantile(buckets, 0.99),
        within20Ms: (buckets.find(({ upToMs }) => upToMs === 20)?.count ?? Number.NaN) / packets,
      };
    },
  };
}

interface Bucket {
  readonly upToMs: number;
  /** Of all up to here. */
  readonly count: number;
}

function bucketsBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly Bucket[] {
  return [...after].flatMap(([series, value]) => {
    const bound = series.startsWith(`${DELAY}_bucket`)
      ? /le="([^"]+)"/u.exec(series)?.[1]
      : undefined;
    if (bound === undefined) return [];
    const upToMs = bound === '+Inf' ? Infinity : Math.round(Number(bound) * 1e6) / 1e3;
    return { upToMs, count: value - (before.get(series) ?? 0) };
  });
}

function quantile(buckets: readonly Bucket[], share: number): number {
  const wanted = (buckets.at(-1)?.count ?? 0) * share;
  let from = { upToMs: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= wanted && bucket.count > from.count) {
      const part = (wanted - from.count) / (bucket.count - from.count);
      return bucket.upToMs === Infinity
        ? from.upToMs
        : from.upToMs + Math.max(0, part) * (bucket.upToMs - from.upToMs);
    }
    from = bucket;
  }
  return Number.NaN;
}
