import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Builds `dist/` before the tests, so that those which start the program start what would be shipped. Types are not checked
 * here: `npm run lint` and `npm run build` do that.
 */
export async function setup(): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck'],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)) },
  );
}
