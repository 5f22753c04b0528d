import type { IssuerKeyStatus } from '../auth/key-source.ts';
import type { CallsSeen, LiveCall, RecentTurn } from '../conversation/watch-calls.ts';
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

/** Calls of an organisation, of those that it may have. */
export interface OrganisationStatus {
  readonly organisation: string;
  readonly used: number;
  readonly max: number;
}

/**
 * What the operator's page shows of one moment, within {@link VIEW_BOUNDS}. Plain data, so that one process can show what
 * another one sees. No token, and nothing of what a caller said, pressed or sent.
 */
export interface DashboardView {
  readonly calls: {
    readonly total: number;
    readonly byState: CallsSeen['byState'];
    /** Those whose bot fails first, then the newest. */
    readonly shown: readonly LiveCall[];
  };
  /** Newest first. */
  readonly turns: readonly RecentTurn[];
  /** Those in trouble first. */
  readonly bots: readonly (BotStatus & { readonly calls: number })[];
  readonly keys: {
    readonly issuers: readonly IssuerKeyStatus[];
    readonly replayPolicy: string;
    /** Those used last first. */
    readonly generations: readonly TokenGenerationStatus[];
  };
  readonly limits: readonly LimitStatus[];
  /** Those that are nearest to their limit first. */
  readonly organisations: readonly OrganisationStatus[];
}

/** Most entries of each list of a {@link DashboardView}. */
export const VIEW_BOUNDS = {
  calls: 200,
  turns: 60,
  bots: 100,
  generations: 50,
  organisations: 5,
} as const;

/** How often things happened since the gateway started, by what happened; names are closed sets. */
export type DashboardTotals = Readonly<
  Record<
    'admissions' | 'authentications' | 'callsEnded' | 'botFailures',
    Readonly<Record<string, number>>
  >
>;

/** A call by its whole name. */
export interface CallName {
  readonly organisation: string;
  readonly conversationId: string;
}

/** Where the operator's page gets everything from: this process, or several. Answers are bounded, and come within a second. */
export interface DashboardSource {
  view(): DashboardView | Promise<DashboardView>;
  totals(): Promise<DashboardTotals>;
  /** Whose call a number of the view is; `undefined` when it has ended. */
  find(call: number): CallName | undefined | Promise<CallName | undefined>;
  /** Has the gateway stop as on SIGTERM, however often; returns at once. */
  drain(): void;
  /** Absent: levels cannot be changed. */
  readonly logLevels?: LogLevels | undefined;
}
