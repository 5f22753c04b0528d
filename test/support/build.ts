import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Builds `dist/` before the tests, so that those which start the program start JavaScript, as it is shipped. File by file and
 * without checking types, which `npm run lint` and `npm run build` do.
 */
export async function setup(): Promise<void> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as {
    readonly config: { readonly compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const files = await readdir(join(ROOT, 'src'), { recursive: true });
  await Promise.all(
    files
      .filter((file) => file.endsWith('.ts'))
      .map(async (file) => {
        const { outputText } = ts.transpileModule(await readFile(join(ROOT, 'src', file), 'utf8'), {
          compilerOptions: { ...options, noEmit: false, module: ts.ModuleKind.ESNext },
          fileName: file,
        });
        const target = join(ROOT, 'dist', file.replace(/\.ts$/u, '.js'));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, outputText);
      }),
  );
  // Files that are served as they are.
  await cp(join(ROOT, 'src/admin/page'), join(ROOT, 'dist/admin/page'), { recursive: true });
}
