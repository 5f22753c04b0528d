import { createReadStream } from 'node:fs';
import { basename } from 'node:path';

import { toConfigError } from './config-problem.ts';

const BYTES_PER_MEGABYTE = 1_048_576;

/**
 * Reads a file of UTF-8 text; a byte order mark is left out.
 *
 * @param maxMegabytes Size from which on the file is refused.
 * @throws {GatewayError} `ERR_CONFIG_INVALID` when the file cannot be read, is larger, or is no UTF-8.
 */
export async function readTextFile(file: string, maxMegabytes: number): Promise<string> {
  const fileName = basename(file);
  const maxBytes = maxMegabytes * BYTES_PER_MEGABYTE;
  const bytes = await readBounded(file, maxBytes).catch((error: unknown) => {
    throw toConfigError([{ path: [], message: `cannot be read${codeOf(error)}` }], fileName, error);
  });
  if (bytes.length > maxBytes)
    throw toConfigError([{ path: [], message: `is larger than ${maxMegabytes} MB` }], fileName);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw toConfigError([{ path: [], message: 'is not UTF-8 text' }], fileName, error);
  }
}

/** Reads one byte more than allowed, so that an endless file ends, too. */
async function readBounded(file: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // A stream without an encoding gives buffers.
  for await (const chunk of createReadStream(file, { end: maxBytes })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? ` (${code})` : '';
}
