import { createReadStream } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

import type { Config } from './config.ts';
import { toConfigError } from './config-problem.ts';
import { parseConfig } from './parse-config.ts';

const MAX_FILE_BYTES = 1_048_576;

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
  const fileName = basename(file);
  const bytes = await readBounded(file).catch((error: unknown) => {
    throw toConfigError([{ path: [], message: `cannot be read${codeOf(error)}` }], fileName, error);
  });
  if (bytes.length > MAX_FILE_BYTES)
    throw toConfigError([{ path: [], message: 'is larger than 1 MB' }], fileName);
  return parseConfig(toText(bytes, fileName), { env, baseDir: dirname(resolve(file)), fileName });
}

/** Reads one byte more than allowed, so that an endless file ends, too. */
async function readBounded(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // A stream without an encoding gives buffers.
  for await (const chunk of createReadStream(file, { end: MAX_FILE_BYTES }))
    chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function toText(bytes: Buffer, fileName: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw toConfigError([{ path: [], message: 'is not UTF-8 text' }], fileName, error);
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? ` (${code})` : '';
}
