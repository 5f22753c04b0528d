import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the import law', () => {
  it('holds in every file of src, type-only imports included', async () => {
    const { stdout } = await run(
      process.execPath,
      [
        'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
        'src',
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'json',
      ],
      { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 },
    );
    const { summary, modules } = JSON.parse(stdout) as {
      readonly summary: { readonly violations: readonly object[] };
      readonly modules: readonly { readonly source: string }[];
    };
    const files = (await readdir(`${ROOT}src`, { recursive: true })).filter(
      (file) => /\.[jt]s$/u.test(file) && !file.startsWith('protocols/generated/'),
    );
    const read = modules.filter(({ source }) => source.startsWith('src/'));
    // A cruise that reads nothing finds nothing wrong.
    expect(read).toHaveLength(files.length);
    expect(summary.violations).toEqual([]);
  });
});
