// Generates src/protocols/generated from proto/, a root a folder. With --check it writes nothing there and fails when
// what is checked in differs from a fresh generation.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const projectDir = fileURLToPath(new URL('..', import.meta.url));
const generatedDir = join(projectDir, 'src/protocols/generated');
const generator = createRequire(import.meta.url).resolve(
  '@grpc/proto-loader/build/bin/proto-loader-gen-types.js',
);

// The shape follows LOAD_OPTIONS in src/protocols/service-loader.ts. No --grpcLib: these types must not know grpc-js.
const shape = [
  '--keepCase',
  '--longs=String',
  '--enums=String',
  '--defaults',
  '--oneofs',
  '--importFileExtension=.ts',
];

async function generate(outDir) {
  const folders = readdirSync(join(projectDir, 'proto'));
  await Promise.all(
    folders.map((folder) => {
      const protoDir = join('proto', folder);
      const files = readdirSync(join(projectDir, protoDir)).filter((file) =>
        file.endsWith('.proto'),
      );
      const args = [...shape, '-I', protoDir, '-O', join(outDir, folder), ...files];
      return promisify(execFile)(process.execPath, [generator, ...args], { cwd: projectDir });
    }),
  );
}

function readTree(dir) {
  const paths = readdirSync(dir, { recursive: true }).filter((path) =>
    statSync(join(dir, path)).isFile(),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(dir, path), 'utf8')]));
}

async function findStaleFiles() {
  const freshDir = mkdtempSync(join(tmpdir(), 'generated-types-'));
  try {
    await generate(freshDir);
    const [fresh, checkedIn] = [readTree(freshDir), readTree(generatedDir)];
    return [...new Set([...fresh.keys(), ...checkedIn.keys()])].filter(
      (path) => fresh.get(path) !== checkedIn.get(path),
    );
  } finally {
    rmSync(freshDir, { recursive: true });
  }
}

if (process.argv.includes('--check')) {
  const stale = await findStaleFiles();
  if (stale.length > 0) {
    process.stderr.write(`Stale, run "npm run generate":\n${stale.join('\n')}\n`);
    process.exitCode = 1;
  }
} else {
  rmSync(generatedDir, { recursive: true, force: true });
  await generate(generatedDir);
}
