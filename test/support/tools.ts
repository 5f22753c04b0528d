import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Finds a program that a test needs and npm cannot install.
 *
 * @returns Its path; `undefined` where it is missing on somebody's own machine, whose test is then left out.
 * @throws {Error} Where it is missing in CI, which must install it.
 */
export function findTool(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    join(homedir(), 'go', 'bin'),
    join(homedir(), '.local', 'bin'),
    // Debian's servers, which are on the path of root only.
    '/usr/sbin',
  ];
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (path === undefined && process.env['CI'] !== undefined)
    throw new Error(`${name} is not installed, and CI must run every test`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
