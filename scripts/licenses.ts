// Lists the licences of everything that is installed with the product, and fails on one that is not known to allow
// commercial use: npm run licenses
import { readFile } from 'node:fs/promises';

/** Permissive licences, each of which allows commercial use. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSD-4-Clause',
  'ISC',
  'MIT',
  'Unlicense',
]);

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}

const root = new URL('../', import.meta.url);
const { packages } = JSON.parse(await readFile(new URL('package-lock.json', root), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

async function licenceOf(path: string, locked: LockedPackage): Promise<string> {
  if (locked.license !== undefined) return locked.license;
  const manifest = JSON.parse(await readFile(new URL(`${path}/package.json`, root), 'utf8')) as {
    readonly license?: string;
  };
  return manifest.license ?? 'unknown';
}

/** Whether one of the licences of an expression such as `(MIT OR GPL-2.0)` is allowed. */
function isAllowed(expression: string): boolean {
  return expression
    .replace(/[()]/gu, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

const shipped = Object.entries(packages).filter(
  ([path, { dev, devOptional, peer }]) =>
    path !== '' && dev !== true && devOptional !== true && peer !== true,
);
const byLicence = new Map<string, string[]>();
for (const [path, locked] of shipped) {
  const licence = await licenceOf(path, locked);
  const name = `${path.split('node_modules/').at(-1)}@${locked.version}`;
  byLicence.set(licence, [...(byLicence.get(licence) ?? []), name]);
}
for (const [licence, names] of [...byLicence].sort(([a], [b]) => a.localeCompare(b)))
  process.stdout.write(`${licence} (${names.length}): ${names.sort().join(', ')}\n`);
const refused = [...byLicence.keys()].filter((licence) => !isAllowed(licence));
if (refused.length > 0) {
  process.stderr.write(`not known to allow commercial use: ${refused.join(', ')}\n`);
  process.exitCode = 1;
}
