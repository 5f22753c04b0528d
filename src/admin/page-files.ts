import { readFile, readdir } from 'node:fs/promises';

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['svg', 'image/svg+xml'],
]);

/** The page asks nobody but us for anything, runs no script but ours, and stands in no frame. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

/**
 * Reads the files of the page, which lie beside this file, compiled or not.
 *
 * @returns Them by their name; `index.html` is the empty one.
 * @throws {Error} Of the system, when the installation lacks them.
 */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const folder = new URL('page/', import.meta.url);
  const files = new Map<string, PageFile>();
  for (const name of await readdir(folder)) {
    const type = TYPES.get(name.split('.').at(-1) ?? '');
    if (type === undefined) continue;
    const body = await readFile(new URL(name, folder));
    files.set(name === 'index.html' ? '' : name, { type, body });
  }
  if (!files.has('')) throw new Error('the files of the page are missing');
  return files;
}
