import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** A file that may decide who gets in must not be everybody's to write. */
const WRITABLE_BY_ALL = 0o002;

/**
 * Reads a small file that is trusted.
 *
 * @returns Its bytes; `too-large` when it has more than `maxBytes`; `writable` when every user of the machine may write it.
 * @throws {Error} Of `node:fs`, when it cannot be read.
 */
export async function readBounded(
  file: string,
  maxBytes: number,
): Promise<Uint8Array | 'too-large' | 'writable'> {
  const handle = await open(file, 'r');
  try {
    const stats = await handle.stat();
    if (isWritableByAll(stats)) return 'writable';
    const buffer = Buffer.alloc(Math.min(stats.size, maxBytes) + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return bytesRead > maxBytes ? 'too-large' : buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function isWritableByAll({ mode }: Stats): boolean {
  // Windows has no such bits; there the mode says nothing.
  return process.platform !== 'win32' && (mode & WRITABLE_BY_ALL) !== 0;
}
