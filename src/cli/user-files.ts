import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';

import { CliError } from './cli-error.ts';

/** Far more than a token, a key or a certificate needs. */
const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * Reads a file that the person named.
 *
 * @throws {CliError} When it cannot be read or is larger than `maxBytes`.
 */
export async function readUserFile(
  file: string,
  cwd: string,
  maxBytes: number = MAX_TEXT_BYTES,
): Promise<Buffer> {
  const path = resolve(cwd, file);
  try {
    if ((await stat(path)).size <= maxBytes) return await readFile(path);
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${reasonOf(error)}`);
  }
  throw new CliError(`cannot read ${file}: it is larger than ${maxBytes} bytes`);
}

/**
 * Writes a file that the person named, and the folder it is in.
 *
 * @param isSecret Only the owner may read it.
 * @throws {CliError} When it cannot be written.
 */
export async function writeUserFile(
  file: string,
  cwd: string,
  content: string | Uint8Array,
  isSecret = false,
): Promise<void> {
  const path = resolve(cwd, file);
  try {
    await mkdir(dirname(path), { recursive: true, ...(isSecret && { mode: 0o700 }) });
    await writeFile(path, content, isSecret ? { mode: 0o600 } : {});
    // The mode above is for new files only.
    if (isSecret) await chmod(path, 0o600);
  } catch (error) {
    throw new CliError(`cannot write ${file}: ${reasonOf(error)}`);
  }
}

/** Whether there is such a file. */
export async function isFile(file: string, cwd: string): Promise<boolean> {
  return (await stat(resolve(cwd, file)).catch(() => undefined))?.isFile() ?? false;
}

/** Shortens a path for a person who stands in `cwd`. */
export function toShownPath(file: string, cwd: string): string {
  const shown = relative(cwd, file);
  return shown.startsWith('..') || shown === '' ? file : shown;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'no permission',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return REASONS[code] ?? code;
}
