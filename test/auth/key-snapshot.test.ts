import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  type SnapshotIssuer,
  createSnapshotWriter,
  loadSnapshot,
  saveSnapshot,
} from '../../src/auth/key-snapshot.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key-snapshot-'));
  file = join(folder, 'keys.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const entry = (issuer: string): SnapshotIssuer => ({
  issuer,
  jwksUri: `${issuer}/keys`,
  fetchedAtMs: 1_700_000_000_000,
  ttlMs: 300_000,
  keys: [{ kty: 'RSA', kid: 'a', n: 'AQAB', e: 'AQAB' }],
});

test('a snapshot is read as it was written, for its owner alone, and no draft stays', async () => {
  await saveSnapshot(file, [entry('https://a.test'), entry('https://b.test')]);
  expect(await loadSnapshot(file)).toEqual({
    type: 'loaded',
    issuers: [entry('https://a.test'), entry('https://b.test')],
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['keys.json']);
});

test('a write puts a new file in the place of the old one, also of one that others could read', async () => {
  await writeFile(file, 'old', { mode: 0o644 });
  const before = await stat(file);
  await saveSnapshot(file, []);
  const after = await stat(file);
  expect(after.ino).not.toBe(before.ino);
  expect(after.mode & 0o777).toBe(0o600);
});

test('a write that fails leaves the old file and no draft', async () => {
  await saveSnapshot(file, [entry('https://a.test')]);
  const old = await readFile(file, 'utf8');
  const busy = join(folder, 'busy');
  // A folder of that name cannot be replaced by a file.
  await mkdir(busy);
  await expect(saveSnapshot(busy, [])).rejects.toThrow();
  expect(await readFile(file, 'utf8')).toBe(old);
  expect((await readdir(folder)).sort()).toEqual(['busy', 'keys.json']);
});

test('a file that is not there is absent, and a folder is unreadable', async () => {
  expect(await loadSnapshot(file)).toEqual({ type: 'absent' });
  expect(await loadSnapshot(folder)).toEqual({ type: 'refused', reason: 'unreadable' });
});

test.each([
  ['nothing', ''],
  ['half a file', '{"version":1,"issuers":['],
  ['another version', '{"version":2,"issuers":[]}'],
  ['no issuers', '{"version":1}'],
  [
    'an issuer without an age',
    '{"version":1,"issuers":[{"issuer":"a","jwksUri":"b","ttlMs":1,"keys":[]}]}',
  ],
  [
    'an age that is no number',
    '{"version":1,"issuers":[{"issuer":"a","jwksUri":"b","fetchedAtMs":"1","ttlMs":1,"keys":[]}]}',
  ],
  [
    'keys that are no list',
    '{"version":1,"issuers":[{"issuer":"a","jwksUri":"b","fetchedAtMs":1,"ttlMs":1,"keys":{}}]}',
  ],
])('a file with %s is refused', async (_name, text) => {
  await writeFile(file, text);
  expect(await loadSnapshot(file)).toEqual({ type: 'refused', reason: 'malformed' });
});

test('a file that every user may write is refused', async () => {
  await saveSnapshot(file, [entry('https://a.test')]);
  await chmod(file, 0o666);
  expect(await loadSnapshot(file)).toEqual({ type: 'refused', reason: 'writable' });
});

test('requests during a write become one more write, with what there is then', async () => {
  let collected = 0;
  const writer = createSnapshotWriter(
    file,
    () => [entry(`https://${(collected += 1)}.test`)],
    () => expect.unreachable(),
  );
  for (let request = 0; request < 5; request += 1) writer.request();
  await expect.poll(() => collected).toBe(1);
  for (let request = 0; request < 5; request += 1) writer.request();
  await writer.idle();
  expect(collected).toBe(2);
  expect(await loadSnapshot(file)).toEqual({ type: 'loaded', issuers: [entry('https://2.test')] });
});

test('a write that fails is told, and the next request tries again', async () => {
  const errors: unknown[] = [];
  let target = entry('https://a.test');
  const writer = createSnapshotWriter(
    join(folder, 'missing', 'keys.json'),
    () => [target],
    (error) => errors.push(error),
  );
  writer.request();
  await writer.idle();
  target = entry('https://b.test');
  writer.request();
  await writer.idle();
  expect(errors).toHaveLength(2);
});
