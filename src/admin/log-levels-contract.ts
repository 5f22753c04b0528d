import type { LogLevel } from '../telemetry/logger.ts';

/** Whose lines a changed level is for. */
export type LogScope =
  | { readonly type: 'organisation'; readonly organisationId: string }
  | {
      readonly type: 'conversation';
      readonly organisationId: string;
      readonly conversationId: string;
    };

/** What is to be logged differently, and for how long. */
export interface LogLevelChange {
  readonly scope: LogScope;
  readonly level: LogLevel;
  /** A whole number of seconds, at least 1: no change lasts. */
  readonly forSeconds: number;
}

/** A change that is in force. */
export interface ActiveLogLevel {
  readonly id: string;
  readonly scope: LogScope;
  readonly level: LogLevel;
  readonly untilMs: number;
}

/** Changes the log level of one organisation or conversation for a limited time, in this gateway. */
export interface LogLevels {
  /** The changes in force, as many as are held at most. */
  list(): readonly ActiveLogLevel[];
  /**
   * Changes a level; a change of the same scope is replaced.
   *
   * @throws {RangeError} When no more changes are held.
   */
  set(change: LogLevelChange): ActiveLogLevel | Promise<ActiveLogLevel>;
  /** Ends a change before its time; `false` when there is none. */
  clear(id: string): boolean | Promise<boolean>;
}
