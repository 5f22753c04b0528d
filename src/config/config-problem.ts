import { GatewayError } from '../core/gateway-error.ts';

/** The way to a setting: keys and indexes from the top of the file. */
export type SettingPath = readonly PropertyKey[];

/** One thing that is wrong. Never holds a value of the file, since values may be secrets. */
export interface ConfigProblem {
  readonly path: SettingPath;
  /** What is wrong, to be read behind the path: `must be a number`. */
  readonly message: string;
  /** Line of the file, counted from 1. */
  readonly line?: number | undefined;
}

const PLAIN_KEY = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const MAX_KEY_LENGTH = 64;
/** Nobody mends more at a time. */
const MAX_PROBLEMS = 200;

/** Writes a path as people do: `agents[0].bot.use`; a key with odd characters in quotes and brackets. */
export function formatPath(path: SettingPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else {
      const name = String(key).slice(0, MAX_KEY_LENGTH);
      if (!PLAIN_KEY.test(name)) text += `[${JSON.stringify(name)}]`;
      else text += text === '' ? name : `.${name}`;
    }
  }
  return text;
}

/**
 * Puts the problems into one error, in the order of the file, beyond 200 only their number. `detail.problems` holds them as
 * data.
 *
 * @param fileName Name of the file for the first line, and for problems of the file as a whole.
 */
export function toConfigError(
  problems: readonly ConfigProblem[],
  fileName: string,
  cause?: unknown,
): GatewayError {
  const sorted = [...problems]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message, line }) => ({ path: formatPath(path), message, line }));
  const lines = sorted.map(({ path, message, line }) => {
    const where = line === undefined ? '' : ` (line ${line})`;
    return `${path === '' ? fileName : path}: ${message}${where}`;
  });
  if (problems.length > MAX_PROBLEMS) lines.push(`${problems.length - MAX_PROBLEMS} more`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new GatewayError(
    'ERR_CONFIG_INVALID',
    `${count} in ${fileName}\n${lines.map((line) => `  ${line}`).join('\n')}`,
    { detail: { problems: sorted }, ...(cause === undefined ? {} : { cause }) },
  );
}
