import { isRecord } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { type LogLevel, createLogger } from '../telemetry/logger.ts';
import type { Palette } from './palette.ts';

/** What a person does not need beside the message. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set(
  ['level', 'time', 'msg', 'event', 'stack'].concat(['trackingId', 'peer', 'tokenHash']),
);
const MAX_VALUE_LENGTH = 80;
/** Its first part is enough to tell two calls apart. */
const UUID = /\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/giu;

/** Creates a logger for people: short lines, redacted as those of production are. */
export function createPrettyLogger(
  level: LogLevel,
  write: (line: string) => void,
  palette: Palette,
): Logger {
  return createLogger(level, {
    write(line) {
      const fields: unknown = JSON.parse(line);
      if (isRecord(fields)) write(formatLogLine(fields, palette));
    },
  });
}

/** Turns the fields of a log line into one that is read at a glance. */
function formatLogLine(fields: Readonly<Record<string, unknown>>, palette: Palette): string {
  const { dim, red, yellow } = palette;
  const message = String(fields['msg']);
  const paint = { error: red, warn: yellow }[String(fields['level'])] ?? ((text: string) => text);
  const details = Object.entries(fields)
    .filter(([name, value]) => !HIDDEN_FIELDS.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${shorten(value)}`);
  const time = String(fields['time']).slice(11, 19);
  return `${dim(time)}  ${paint(message)}${details.length === 0 ? '' : `  ${dim(details.join(' '))}`}`;
}

function shorten(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(UUID, '$1…');
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}
