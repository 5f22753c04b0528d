import { type FileHandle, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Only what has this shape is ever deleted. */
const RECORDING_NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-[0-9a-f]{10}\.jsonl$/u;

/** The name of a recording; names sort by time. @param call Pseudonym of the call, ten hexadecimal digits. */
export function recordingNameOf(startedAt: string, call: string): string {
  return `${startedAt.replace(/[:.]/gu, '-')}-${call}.jsonl`;
}

/**
 * Makes a new file in `folder` that only the owner can read, and deletes the oldest recordings so that there are at most
 * `maxFiles`. Those in `inUse` stay.
 *
 * @throws What the file system throws.
 */
export async function createInFolder(
  folder: string,
  name: string,
  { maxFiles, inUse }: { readonly maxFiles: number; readonly inUse: ReadonlySet<string> },
): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = (await readdir(folder)).filter((file) => RECORDING_NAME.test(file)).sort();
  const surplus = known.length + 1 - maxFiles;
  const oldest = known.filter((file) => !inUse.has(file)).slice(0, Math.max(surplus, 0));
  // Another process may have been faster.
  await Promise.all(oldest.map((file) => unlink(join(folder, file)).catch(() => undefined)));
  return open(join(folder, name), 'wx', 0o600);
}
