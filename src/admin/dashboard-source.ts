import type { IssuerKeyStatus } from '../auth/key-source.ts';
import type { CallWatch } from '../conversation/watch-calls.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { LogLevels } from './log-levels-contract.ts';

/** One virtual agent and how its bot is. */
export interface BotStatus {
  readonly agent: string;
  readonly name: string;
  readonly bot: string;
  /** Absent where another server answers: it guards itself. */
  readonly guard?: {
    readonly breaker: 'closed' | 'open' | 'half-open';
    /** Answers that are being given. */
    readonly inFlight: number;
    readonly maxConcurrent: number;
  };
}

/** What is known of the tokens of one data source of one organisation; nothing of the tokens themselves. */
export interface TokenGenerationStatus {
  readonly organisation: string;
  /** The registered URL. */
  readonly dataSource: string;
  /** When the current generation was first seen. */
  readonly sinceMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** Set while the generation before it is remembered: when that one expires. */
  readonly previousExpiresAtMs?: number;
}

/** A limit and how full it is. */
export interface LimitStatus {
  /** In stable lower-case words, such as `conversations`. */
  readonly name: string;
  readonly used: number;
  readonly max: number;
  readonly unit: 'count' | 'bytes' | 'milliseconds';
}

/** Where the operator's page gets everything from. Each answer is made from memory, without waiting, and is bounded. */
export interface DashboardSource {
  readonly calls: Pick<CallWatch, 'look' | 'turns' | 'find'>;
  readonly counters: Pick<Metrics, 'admissions' | 'authentications' | 'callsEnded' | 'botFailures'>;
  readonly bots: () => readonly BotStatus[];
  readonly issuers: () => readonly IssuerKeyStatus[];
  readonly replayPolicy: string;
  /** At most `max`, those used last. */
  readonly generations: (max: number) => readonly TokenGenerationStatus[];
  readonly limits: () => readonly LimitStatus[];
  /** Most calls of an organisation. */
  readonly organisationLimit: (organisation: string) => number;
  /** Has the process stop as on SIGTERM; returns at once. */
  readonly drain: () => void;
  /** Absent: levels cannot be changed. */
  readonly logLevels?: LogLevels | undefined;
}
