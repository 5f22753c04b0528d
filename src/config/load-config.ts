import { basename, dirname, resolve } from 'node:path';

import type { Config } from './config.ts';
import { parseConfig } from './parse-config.ts';
import { readTextFile } from './read-text-file.ts';

const MAX_FILE_MEGABYTES = 1;

/**
 * Reads and checks a configuration file.
 *
 * @param file Path of a YAML file of at most 1 MB; relative paths in it start from its folder.
 * @param env The environment that `${NAME}` is looked up in.
 * @throws {GatewayError} `ERR_CONFIG_INVALID` when the file cannot be read, or with every problem in it.
 */
export async function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Config> {
  const text = await readTextFile(file, MAX_FILE_MEGABYTES);
  return parseConfig(text, { env, baseDir: dirname(resolve(file)), fileName: basename(file) });
}
