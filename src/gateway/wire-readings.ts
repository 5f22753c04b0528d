import type { Authenticator } from '../auth/authenticate.ts';
import type { KeySource } from '../auth/key-source.ts';
import type { LocalReplayStore } from '../auth/replay-store.ts';
import type { ProcessLoad } from '../conversation/admission-pressure.ts';
import type { Agent } from '../conversation/agent.ts';
import type { ConversationDirectory } from '../conversation/directory.ts';
import type { SpeechSynthesiser } from '../conversation/speech-synthesiser.ts';
import type { Clock } from '../core/clock.ts';
import { isGuarded } from '../handlers/guarded/guard-bot.ts';
import { readBuildVersion } from '../recorder/build-version.ts';
import type { LogDestination } from '../telemetry/log-destination.ts';
import type { Readings } from '../telemetry/readings.ts';
import type { ConnectionCounts } from '../transport/connection-guard.ts';
import type { OpenStreams } from '../transport/open-streams.ts';
import type { ServerTls } from '../transport/server-tls.ts';

/** The parts that are asked when metrics are scraped. */
export interface ReadParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly agents: () => readonly Agent[];
  readonly directory: Pick<ConversationDirectory, 'countStreams'>;
  readonly keys: Pick<KeySource, 'status'>;
  readonly authenticator: Pick<Authenticator, 'remembered'>;
  readonly replayMemory: Pick<LocalReplayStore, 'recent'>;
  readonly tls: Pick<ServerTls, 'certificateExpiresAtMs'>;
  readonly load: ProcessLoad;
  readonly streams: Pick<OpenStreams, 'waitingBytes'>;
  readonly synthesiser: Pick<SpeechSynthesiser, 'waiting'>;
  /** Absent: nobody counts what waits to be logged. */
  readonly logQueue: Pick<LogDestination, 'dropped' | 'waitingBytes'> | undefined;
  readonly connections: () => ConnectionCounts;
}

/** More data sources than one gateway serves. */
const MAX_TOKENS = 10_000;

/** Tells the metrics whom to ask. */
export function wireReadings(readings: Readings, parts: ReadParts): void {
  const { clock, directory, keys, authenticator, replayMemory, tls, load } = parts;
  const left = (atMs: number | undefined): number | undefined =>
    atMs === undefined ? undefined : atMs - clock.now();
  Object.assign(readings, {
    build: { version: readBuildVersion() },
    streams: () => directory.countStreams(),
    issuers: () => keys.status(),
    rememberedTokens: authenticator.remembered,
    certificateExpiresInMs: () => left(tls.certificateExpiresAtMs()),
    tokenExpiresInMs() {
      const expiries = replayMemory
        .recent(MAX_TOKENS, clock.now())
        .map(([, { current }]) => current.expiresAtMs);
      return left(expiries.length === 0 ? undefined : Math.min(...expiries));
    },
    bots: () =>
      parts.agents().flatMap(({ id, bot }) =>
        isGuarded(bot)
          ? {
              agent: id,
              breaker: bot.state(),
              inFlight: bot.inFlight(),
              maxConcurrent: bot.maxConcurrent,
            }
          : [],
      ),
    writeQueueBytes: parts.streams.waitingBytes,
    speechQueue: () => parts.synthesiser.waiting?.() ?? 0,
    connections: parts.connections,
    ...(parts.logQueue && {
      logQueueBytes: parts.logQueue.waitingBytes,
      logLinesDropped: parts.logQueue.dropped,
    }),
    pressure: () => ({ loopDelayMs: load.loopDelayMs(), heapShare: load.heapShare() }),
  } satisfies Readings);
}
