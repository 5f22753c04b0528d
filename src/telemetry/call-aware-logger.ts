import type { LogFields, Logger } from '../core/logger.ts';
import type { LogLevelTable } from './log-levels.ts';
import { LOG_LEVELS, type LogLevel } from './logger.ts';
import { PLAIN, type PlainAware, writePlain } from './plain-logger.ts';
import type { Pseudonymise } from './pseudonyms.ts';

/** A logger that can write what is less important than its own level. */
interface LevelledLogger extends PlainAware {
  /** The same logger at another level. */
  readonly atLevel?: (level: LogLevel) => PlainAware;
}

/** What a {@link createCallAwareLogger} works with. */
export interface CallAwareDeps {
  readonly levels: LogLevelTable;
  /** Absent: identifiers are written as they are. */
  readonly pseudonymise?: Pseudonymise | undefined;
}

/** Fields that identify a call or a customer, wherever a room logs them. */
const IDENTIFIERS = ['organisation', 'conversation'] as const;
/** Fields of a refused credential whose claim is the organisation. */
const CLAIM_VALUES = ['actual', 'expected'] as const;
const ORGANISATION_CLAIM = /org/iu;

/**
 * Stands before the logger of the process, and looks at whose line it is: writes it at the level that an operator has set for
 * that organisation or conversation, and under pseudonyms where the configuration says so. Costs one comparison a line while
 * neither is in use.
 */
export function createCallAwareLogger(base: LevelledLogger, deps: CallAwareDeps): PlainAware {
  const { levels, pseudonymise } = deps;
  const byLevel = new Map<LogLevel, PlainAware>();
  const atLevel = (level: LogLevel): PlainAware => {
    const known = byLevel.get(level) ?? base.atLevel?.(level) ?? filter(base, level);
    byLevel.set(level, known);
    return known;
  };
  const loggerOf = (fields: LogFields): PlainAware => {
    if (levels.size() === 0) return base;
    const level = levels.levelOf(fields['organisation'], fields['conversation']);
    return level === undefined ? base : atLevel(level);
  };
  const mask = (fields: LogFields): LogFields =>
    pseudonymise === undefined ? fields : withPseudonyms(fields, pseudonymise);
  return {
    debug: (fields, message) => loggerOf(fields).debug(mask(fields), message),
    info: (fields, message) => loggerOf(fields).info(mask(fields), message),
    warn: (fields, message) => loggerOf(fields).warn(mask(fields), message),
    error: (fields, message) => loggerOf(fields).error(mask(fields), message),
    [PLAIN]: (event, kind, fields) => writePlain(loggerOf(fields), event, kind, mask(fields)),
  };
}

function withPseudonyms(fields: LogFields, pseudonymise: Pseudonymise): LogFields {
  const masked: Record<string, unknown> = { ...fields };
  const maskField = (name: string): void => {
    const value = masked[name];
    if (typeof value === 'string' && value !== '') masked[name] = pseudonymise(value);
  };
  for (const name of IDENTIFIERS) maskField(name);
  const { claim } = fields;
  if (typeof claim === 'string' && ORGANISATION_CLAIM.test(claim))
    for (const name of CLAIM_VALUES) maskField(name);
  return masked;
}

/** For a logger that cannot be set: lets through what is important enough. */
function filter(logger: Logger, level: LogLevel): Logger {
  const lowest = LOG_LEVELS.indexOf(level);
  const quiet = (): void => undefined;
  const at = (name: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    LOG_LEVELS.indexOf(name) < lowest ? quiet : (fields, message) => logger[name](fields, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
