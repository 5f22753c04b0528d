import { checkSchema } from './check-schema.ts';
import type { Config } from './config.ts';
import { type ConfigProblem, formatPath, toConfigError } from './config-problem.ts';
import { deepFreeze } from './deep-freeze.ts';
import { findConflicts } from './find-conflicts.ts';
import { readYaml } from './read-yaml.ts';
import { toConfig } from './to-config.ts';

/** Where the text of a configuration comes from. */
export interface ConfigOrigin {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the folder that relative paths start from. */
  readonly baseDir: string;
  /** Name used in messages. */
  readonly fileName: string;
}

/**
 * Turns the text of a configuration file into the whole, frozen configuration.
 *
 * Does not look at the disk: whether a file that is named exists is found out by who opens it.
 *
 * @throws {GatewayError} `ERR_CONFIG_INVALID` with every problem at once, one a line: path, what is wrong, line number.
 *   No value of the file or of the environment is in it.
 */
export function parseConfig(text: string, { env, baseDir, fileName }: ConfigOrigin): Config {
  const { value, problems, environmentPaths, lineOf } = readYaml(text, env);
  if (value === undefined) throw toConfigError(firstOfEachPath(problems), fileName);
  const { settings, problems: faults } = checkSchema(value);
  const found = [...faults, ...findConflicts(value)].map((problem) => ({
    ...problem,
    line: lineOf(problem.path),
  }));
  const all = firstOfEachPath([...problems, ...found]);
  if (settings === undefined || all.length > 0) throw toConfigError(all, fileName);
  return deepFreeze(toConfig(settings, { baseDir, environmentPaths }));
}

/** A setting that could not be read is not also blamed for what it then looks like; nor a line for each wrong bracket. */
function firstOfEachPath(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ path, line }) => {
    const key = path.length === 0 ? `line ${line}` : formatPath(path);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
