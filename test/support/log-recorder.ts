import type { LogFields, Logger } from '../../src/core/logger.ts';

/** A logger that remembers its lines. */
export function createLogRecorder() {
  const lines: { readonly level: string; readonly fields: LogFields; readonly message: string }[] =
    [];
  const at =
    (level: string) =>
    (fields: LogFields, message: string): void =>
      void lines.push({ level, fields, message });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  return { logger, lines, events: () => lines.map(({ fields }) => fields['event']) };
}
