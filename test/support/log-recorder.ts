import type { LogFields, Logger } from '../../src/core/logger.ts';
import type { LogLevel, ProcessLogger } from '../../src/telemetry/logger.ts';

/** What must stand in no line of any test: a compact JWS, and the secret digits that tests press. */
const CANARIES = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}|271828|998877/u;

/** Lines in which a canary stood; `no-leaks.ts` fails the test that wrote one. */
export const leaks: string[] = [];

/** A logger that remembers its lines. */
export function createLogRecorder() {
  const lines: { readonly level: string; readonly fields: LogFields; readonly message: string }[] =
    [];
  const at =
    (level: string) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, fields, message });
      const text = `${JSON.stringify(fields)} ${message}`;
      if (CANARIES.test(text)) leaks.push(text.replace(CANARIES, '[canary]'));
    };
  let level: LogLevel = 'info';
  const logger: Logger & Pick<ProcessLogger, 'setLevel'> = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    setLevel: (changed) => void (level = changed),
  };
  return {
    logger,
    lines,
    events: () => lines.map(({ fields }) => fields['event']),
    /** The level that was set last; every line is remembered all the same. */
    level: () => level,
  };
}
