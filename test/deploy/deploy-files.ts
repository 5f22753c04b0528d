import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Reads a file of the repository. */
export const readProjectFile = async (file: string): Promise<string> =>
  readFile(join(ROOT, file), 'utf8');

/** Alerts and the dashboard have a test of their own, which also reads their queries. */
const WATCHING = /^deploy\/(?:grafana|prometheus)\//u;

/** Every text that says how the gateway is deployed, by its path in the repository. */
export async function readDeployFiles(): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(join(ROOT, 'deploy'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length))
    .filter((path) => !WATCHING.test(path))
    .sort();
  const paths = [...files, 'Dockerfile', 'docs/deployment.md'];
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readProjectFile(path)] as const)),
  );
}

/** A Kubernetes object; `Spec` is the part of it that a test looks at. */
interface Manifest<Spec> {
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
  readonly spec: Spec;
}

/** Finds the rendered manifest of a kind, the first of two. */
export type FindManifest = <Spec>(kind: string) => Manifest<Spec>;

/** Reads the rendered manifests. */
export async function readManifests(): Promise<FindManifest> {
  const text = await readProjectFile('deploy/kubernetes/byova-gateway.yaml');
  const manifests = parseAllDocuments(text).map((document) => document.toJS() as { kind: string });
  return <Spec>(kind: string) => {
    const found = manifests.find((manifest) => manifest.kind === kind);
    if (found === undefined) throw new Error(`there is no ${kind}`);
    // Kubernetes' own schemas vouch for the shape, in test/e2e.
    return found as Manifest<Spec>;
  };
}

/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  /** All that follows it, on one line. */
  readonly rest: string;
}

/** Splits a Dockerfile into its instructions, without comments. */
export function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/gu, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...words] = line.trim().split(/\s+/u);
      return { name: name.toUpperCase(), rest: words.join(' ') };
    });
}
