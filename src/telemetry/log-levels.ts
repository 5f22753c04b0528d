import { randomUUID } from 'node:crypto';

import type { Clock } from '../core/clock.ts';
import type { LogLevel } from './logger.ts';

/** Whose lines a changed level is for. */
type Scope =
  | { readonly type: 'organisation'; readonly organisationId: string }
  | {
      readonly type: 'conversation';
      readonly organisationId: string;
      readonly conversationId: string;
    };

/** What is to be logged differently, and for how long. */
interface Change {
  readonly scope: Scope;
  readonly level: LogLevel;
  readonly forSeconds: number;
}

/** A change that is in force. */
interface ActiveChange {
  readonly id: string;
  readonly scope: Scope;
  readonly level: LogLevel;
  readonly untilMs: number;
}

/** The levels that differ from the configured one, each for a limited time; none outlives the process. */
export interface LogLevelTable {
  list(): readonly ActiveChange[];
  /**
   * Changes a level; a change of the same scope is replaced.
   *
   * @throws {RangeError} When {@link MAX_CHANGES} others are in force.
   */
  set(change: Change): ActiveChange;
  /** Ends a change before its time; `false` when there is none. */
  clear(id: string): boolean;
  /** Takes over the changes of another table, as many as are held at most, instead of its own. */
  replace(all: readonly ActiveChange[]): void;
  /** The level of one call; `undefined`: the configured one. A change of the conversation wins over one of its organisation. */
  levelOf(organisationId: unknown, conversationId: unknown): LogLevel | undefined;
  readonly size: () => number;
}

/** An operator looks at a few calls at a time. */
const MAX_CHANGES = 100;

/** Creates the table, empty. */
export function createLogLevels(clock: Pick<Clock, 'now'>): LogLevelTable {
  const changes = new Map<string, ActiveChange>();
  const forgetPast = (): void => {
    for (const [key, { untilMs }] of changes) if (untilMs <= clock.now()) changes.delete(key);
  };
  const find = (key: string): LogLevel | undefined => {
    const change = changes.get(key);
    if (change !== undefined && change.untilMs > clock.now()) return change.level;
    if (change !== undefined) changes.delete(key);
    return undefined;
  };
  return {
    list() {
      forgetPast();
      return [...changes.values()];
    },
    set({ scope, level, forSeconds }) {
      forgetPast();
      const key = keyOf(scope);
      if (changes.size >= MAX_CHANGES && !changes.has(key))
        throw new RangeError('too many changed log levels');
      const untilMs = clock.now() + forSeconds * 1_000;
      const change = { id: randomUUID(), scope, level, untilMs };
      changes.set(key, change);
      return change;
    },
    clear(id) {
      for (const [key, change] of changes) if (change.id === id) return changes.delete(key);
      return false;
    },
    replace(all) {
      changes.clear();
      for (const change of all.slice(0, MAX_CHANGES)) changes.set(keyOf(change.scope), change);
    },
    levelOf(organisationId, conversationId) {
      if (typeof organisationId !== 'string') return undefined;
      return (
        (typeof conversationId === 'string'
          ? find(`${organisationId} ${conversationId}`)
          : undefined) ?? find(organisationId)
      );
    },
    size: () => changes.size,
  };
}

function keyOf(scope: Scope): string {
  return scope.type === 'organisation'
    ? scope.organisationId
    : `${scope.organisationId} ${scope.conversationId}`;
}
