import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { isRecord } from '../core/json.ts';

/** What `import` looks for in the `exports` of a package, in the order in which the package wrote them. */
const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default']);

/**
 * Finds the file that `import name` would load, seen from a folder.
 *
 * Node.js 20 resolves from another folder only as `require` does, which does not see packages that offer nothing but an
 * `import` condition; for those their `exports` are read here, without patterns.
 *
 * @param name A package, or one of its subpaths.
 * @returns `undefined` when there is none.
 */
export async function findPackageEntry(name: string, fromDir: string): Promise<string | undefined> {
  const { resolve } = createRequire(join(fromDir, 'resolve.js'));
  const [, packageName, subpath] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/u.exec(name) ?? [];
  if (packageName === undefined) return undefined;
  for (const folder of resolve.paths(name) ?? []) {
    const exported = await readExports(join(folder, packageName, 'package.json'));
    const target = findTarget(exported, `.${subpath ?? ''}`);
    if (target !== undefined) return join(folder, packageName, target);
  }
  try {
    return resolve(name);
  } catch {
    return undefined;
  }
}

async function readExports(manifest: string): Promise<unknown> {
  try {
    const parsed: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    return isRecord(parsed) ? parsed['exports'] : undefined;
  } catch {
    return undefined;
  }
}

function findTarget(exported: unknown, subpath: string): string | undefined {
  if (isRecord(exported) && Object.keys(exported).some((key) => key.startsWith('.')))
    return pickCondition(exported[subpath]);
  return subpath === '.' ? pickCondition(exported) : undefined;
}

function pickCondition(target: unknown): string | undefined {
  if (typeof target === 'string') return target.startsWith('./') ? target : undefined;
  if (!isRecord(target)) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    const picked = CONDITIONS.has(condition) ? pickCondition(value) : undefined;
    if (picked !== undefined) return picked;
  }
  return undefined;
}
