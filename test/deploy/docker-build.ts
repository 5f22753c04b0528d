import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT, parseDockerfile, readProjectFile } from './deploy-files.ts';

/** What building an image without Docker leaves: a folder in the place of its file system, and how it is started. */
export interface BuiltImage {
  readonly folder: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Command of the health check, without its options. */
  readonly healthcheck: readonly string[];
}

/**
 * Runs the steps of our Dockerfile in a scratch folder, as an image would be built: each stage has a folder for its file
 * system, COPY takes only what `.dockerignore` lets through, RUN runs in a shell. The base image is this machine.
 *
 * @throws {Error} When a step fails, or is of a kind that our Dockerfile does not use.
 */
export async function buildImage(scratch: string): Promise<BuiltImage> {
  const admitted = new Set(
    (await readProjectFile('.dockerignore'))
      .split('\n')
      .flatMap((line) => /^!(.+)$/u.exec(line)?.[1] ?? []),
  );
  const stages = new Map<string, BuiltImage>();
  let image = emptyImage('');
  for (const { name, rest } of parseDockerfile(await readProjectFile('Dockerfile'))) {
    const words = rest.split(' ');
    switch (name) {
      case 'FROM': {
        const stage = words.at(2) ?? `${stages.size}`;
        image = emptyImage(join(scratch, stage));
        stages.set(stage, image);
        break;
      }
      case 'WORKDIR':
        image = { ...image, workdir: rest };
        await mkdir(join(image.folder, rest), { recursive: true });
        break;
      case 'ENV': {
        const [variable = '', value = ''] = rest.split('=');
        image = { ...image, env: { ...image.env, [variable]: value } };
        break;
      }
      case 'COPY':
        await copy(
          words,
          image,
          (file) => {
            if (!admitted.has(file)) throw new Error(`.dockerignore keeps out ${file}`);
            return join(ROOT, file);
          },
          stages,
        );
        break;
      case 'RUN':
        await promisify(execFile)('sh', ['-c', rest], {
          cwd: join(image.folder, image.workdir),
          env: { ...process.env, ...image.env, npm_config_prefer_offline: 'true' },
        });
        break;
      case 'USER':
        image = { ...image, user: rest };
        break;
      case 'ENTRYPOINT':
      case 'CMD':
        image = { ...image, [name.toLowerCase()]: JSON.parse(rest) as string[] };
        break;
      case 'HEALTHCHECK':
        image = { ...image, healthcheck: JSON.parse(rest.slice(rest.indexOf('['))) as string[] };
        break;
      case 'EXPOSE':
      case 'VOLUME':
        break;
      default:
        throw new Error(`the test knows no ${name}`);
    }
    // A stage that another one copies from is the one that was built.
    const [current] = [...stages].findLast(([, { folder }]) => folder === image.folder) ?? [''];
    stages.set(current, image);
  }
  return image;
}

function emptyImage(folder: string): BuiltImage {
  return { folder, workdir: '/', env: {}, user: 'root', entrypoint: [], cmd: [], healthcheck: [] };
}

async function copy(
  words: readonly string[],
  to: BuiltImage,
  fromContext: (file: string) => string,
  stages: ReadonlyMap<string, BuiltImage>,
): Promise<void> {
  const stage = /^--from=(.+)$/u.exec(words[0] ?? '')?.[1];
  const [target = '', ...sources] = words.slice(stage === undefined ? 0 : 1).toReversed();
  const folder = join(to.folder, to.workdir);
  for (const source of sources) {
    const from =
      stage === undefined ? fromContext(source) : join(stages.get(stage)?.folder ?? '', source);
    // A target that ends in a slash is a folder that the source goes into.
    const into = target.endsWith('/')
      ? join(folder, target, basename(source))
      : join(folder, target);
    await cp(from, into, { recursive: true, verbatimSymlinks: true });
  }
}
