import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

import { describeError } from './describe-error.ts';
import { PLAIN, type PlainAware, type WritePlain } from './plain-logger.ts';
import { SECRET_FIELDS } from './secret-fields.ts';

/** Levels of {@link createLogger}, most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The logger of the process. */
export interface ProcessLogger extends PlainAware {
  /** The same logger at another level. */
  readonly atLevel: (level: LogLevel) => PlainAware;
  /** Changes the level of this logger, from the next line on. */
  setLevel(level: LogLevel): void;
}

const CENSOR = '[redacted]';

/**
 * Creates the JSON logger of the process.
 *
 * @param destination Where lines go; default: standard output.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): ProcessLogger {
  const options = {
    level,
    base: null,
    timestamp: createTimestamp(),
    formatters: { level: (label: string) => ({ level: label }) },
    // Bots log errors under this name, and pino would write their message.
    serializers: { err: describeError },
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]),
      censor: CENSOR,
    },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  // A walk through all fields of a line costs several times what writing it does. Names on top are looked up anyway.
  const plain = logger.child(
    {},
    {
      redact: [],
      serializers: Object.fromEntries(SECRET_FIELDS.map((name) => [name, () => CENSOR])),
    },
  );
  return Object.assign(logger, {
    [PLAIN]: bindEvents(plain),
    atLevel: (other: LogLevel) =>
      Object.assign(logger.child({}, { level: other }), {
        [PLAIN]: bindEvents(plain.child({}, { level: other })),
      }),
    setLevel(other: LogLevel) {
      logger.level = other;
    },
  });
}

/** The name of an event is made part of a logger once, which saves copying the fields of each line. */
function bindEvents(logger: PinoLogger): WritePlain {
  const byEvent = new Map<string, PinoLogger>();
  return (event, { level, message }, fields) => {
    let bound = byEvent.get(event);
    if (bound === undefined) byEvent.set(event, (bound = logger.child({ event })));
    bound[level](fields, message);
  };
}

/** Lines of one millisecond share its text. */
function createTimestamp(): () => string {
  let atMs = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== atMs) {
      atMs = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}
