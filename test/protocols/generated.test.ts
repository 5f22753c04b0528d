import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));

it('the generated types that are checked in equal a fresh generation', async () => {
  const script = join(projectDir, 'scripts/generate-types.mjs');
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toEqual({
    stdout: '',
    stderr: '',
  });
});

it('the generated types know nothing of grpc-js', () => {
  const dir = join(projectDir, 'src/protocols/generated');
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(50);
  for (const file of files)
    expect(readFileSync(join(dir, file), 'utf8'), file).not.toContain('@grpc/grpc-js');
});
