import type { Logger } from '../core/logger.ts';
import type { SecretField } from './secret-fields.ts';

/**
 * Fields of a line that holds nothing but words and numbers of the gateway's own: no object in which a secret could hide, and no
 * name under which one stands.
 */
export type PlainFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  readonly [Name in SecretField]?: never;
};

/** Where a logger keeps its {@link PlainAware plain one}. A symbol, since bots log with the same logger, and must not find it. */
export const PLAIN = Symbol('plain');

/** A logger that may have another one for {@link PlainFields}: the same lines at the same level, without the search for secrets. */
export interface PlainAware extends Logger {
  readonly [PLAIN]?: Logger;
}

/** The logger for {@link PlainFields}; the same one where it makes no difference. */
export function plainOf(logger: PlainAware): Logger {
  return logger[PLAIN] ?? logger;
}
