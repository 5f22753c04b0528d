import type { LogFields, Logger } from '../core/logger.ts';
import type { SecretField } from './secret-fields.ts';

/**
 * Fields of a line that holds nothing but words and numbers of the gateway's own: no object in which a secret could hide, and no
 * name under which one stands.
 */
export type PlainFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  readonly [Name in SecretField]?: never;
};

/** What is fixed about the lines of one event. */
interface LineKind {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** Writes a line of {@link PlainFields}: the same as any other, without the search for secrets. */
export type WritePlain = (event: string, kind: LineKind, fields: LogFields) => void;

/** Where a logger keeps its {@link WritePlain}. A symbol, since bots log with the same logger, and must not find it. */
export const PLAIN = Symbol('plain');

/** A logger that may know a shorter way for {@link PlainFields}. */
export interface PlainAware extends Logger {
  readonly [PLAIN]?: WritePlain;
}

/** Writes a line of {@link PlainFields}, the shorter way where the logger knows one. */
export function writePlain(
  logger: PlainAware,
  event: string,
  kind: LineKind,
  fields: LogFields,
): void {
  const write = logger[PLAIN];
  if (write === undefined) logger[kind.level]({ event, ...fields }, kind.message);
  else write(event, kind, fields);
}
