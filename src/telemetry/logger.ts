import { pino, type DestinationStream } from 'pino';

import type { Logger } from '../core/logger.ts';
import { describeError } from './describe-error.ts';

/** Levels of {@link createLogger}, most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The logger of the process. */
export interface ProcessLogger extends Logger {
  /** The same logger at another level. */
  readonly atLevel: (level: LogLevel) => Logger;
  /** Changes the level of this logger, from the next line on. */
  setLevel(level: LogLevel): void;
}

/** Names of fields that are never written, wherever they stand: the last net under rooms that must not log them. */
const SECRET_FIELDS = ['authorization', 'token', 'jws', 'secret', 'digits', 'audio', 'text'];

/**
 * Creates the JSON logger of the process.
 *
 * @param destination Where lines go; default: standard output.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): ProcessLogger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // Bots log errors under this name, and pino would write their message.
    serializers: { err: describeError },
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]),
      censor: '[redacted]',
    },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return Object.assign(logger, {
    atLevel: (other: LogLevel) => logger.child({}, { level: other }),
    setLevel(other: LogLevel) {
      logger.level = other;
    },
  });
}
