import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { createCallAwareLogger } from '../telemetry/call-aware-logger.ts';
import { type LogLevelTable, createLogLevels } from '../telemetry/log-levels.ts';
import type { LogLevel, ProcessLogger } from '../telemetry/logger.ts';
import { type Pseudonymise, createPseudonyms } from '../telemetry/pseudonyms.ts';

/** The log of a gateway, and what decides on its lines. */
export interface OpenLog {
  readonly logger: Logger;
  readonly levels: LogLevelTable;
  /** `undefined`: identifiers are told as they are. */
  readonly pseudonymise: Pseudonymise | undefined;
  /** Changes the level of the process; nothing happens when its logger has none. */
  readonly setLogLevel: (level: LogLevel) => void;
}

/** Puts levels of single calls, and pseudonyms where they are wanted, before the logger of the process. */
export function openLog(
  { identifiers, pseudonymKey }: Config['log'],
  {
    clock,
    logger,
  }: { readonly clock: Clock; readonly logger: Logger & Partial<Pick<ProcessLogger, 'setLevel'>> },
): OpenLog {
  const levels = createLogLevels(clock);
  const pseudonymise = identifiers === 'plain' ? undefined : createPseudonyms(pseudonymKey);
  return {
    logger: createCallAwareLogger(logger, { levels, pseudonymise }),
    levels,
    pseudonymise,
    setLogLevel: (level) => logger.setLevel?.(level),
  };
}
