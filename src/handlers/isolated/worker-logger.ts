import type { LogFields, Logger } from '../../core/logger.ts';
import { describeError } from '../../telemetry/describe-error.ts';
import type { FromWorker } from './worker-message.ts';

/** Most lines between two signs of life that are asked for; a bot that logs more would keep the gateway busy. */
const MAX_LINES = 200;
const MAX_FIELDS_LENGTH = 8_192;
const MAX_MESSAGE_LENGTH = 1_024;

/** The loggers of a worker, all of which write through one narrow pipe. */
export interface WorkerLoggers {
  /** @param call Number of the call whose logger it is. */
  open(call: number | undefined): Logger;
  /** Makes room again; gives how many lines were discarded since it was last called. */
  renew(): number;
}

/** Creates loggers that hand their lines to the gateway, which redacts and writes them. */
export function createWorkerLoggers(post: (line: FromWorker) => void): WorkerLoggers {
  let lines = 0;
  const open = (call: number | undefined): Logger => {
    const at =
      (level: keyof Logger) =>
      (fields: LogFields, message: unknown): void => {
        lines += 1;
        if (lines > MAX_LINES) return;
        post({
          type: 'log',
          call,
          level,
          fields: writeFields(fields),
          // A bot without types may leave it out.
          message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE_LENGTH) : '',
        });
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  };
  return {
    open,
    renew() {
      const discarded = Math.max(0, lines - MAX_LINES);
      lines = 0;
      return discarded;
    },
  };
}

/** An error is described here: what is left of one on the other side is a message, which may quote the caller. */
function writeFields(fields: LogFields): string {
  try {
    const text = JSON.stringify(fields, (_key, value: unknown) =>
      value instanceof Error ? describeError(value) : value,
    );
    if (text.length <= MAX_FIELDS_LENGTH) return text;
  } catch {
    // Falls through: fields that are not JSON are discarded like those that are too long.
  }
  return '{"fields":"discarded"}';
}
