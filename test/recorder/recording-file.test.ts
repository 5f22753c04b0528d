import { chmod, mkdtemp, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { createRecordingFile } from '../../src/recorder/recording-file.ts';
import type { RecordingHeader } from '../../src/recorder/recording-format.ts';
import { createInFolder, recordingNameOf } from '../../src/recorder/recordings-folder.ts';

// Only its text matters here.
const header = { format: 'byova-recording' } as RecordingHeader;

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('recording-file', () => {
  it('ends with a line that says so when it is full', async () => {
    const path = join(await makeFolder(), 'call.jsonl');
    const errors: unknown[] = [];
    const file = createRecordingFile(header, {
      maxBytes: 400,
      open: () => open(path, 'wx'),
      onError: (error) => errors.push(error),
    });
    for (let at = 0; at < 100; at += 1) file.add({ type: 'half-close', at, rpc: 1 });
    await file.close();
    file.add({ type: 'half-close', at: 100, rpc: 1 });
    const text = await readFile(path, 'utf8');
    const lines = text.trimEnd().split('\n');
    expect(text.length).toBeLessThanOrEqual(400);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ type: 'truncated', at: lines.length - 2 });
    expect(errors).toEqual([]);
  });

  it('gives up on a disk that is slower than the call, and not the call', async () => {
    let hand: (() => void) | undefined;
    const path = join(await makeFolder(), 'call.jsonl');
    const file = createRecordingFile(header, {
      maxBytes: 10_000_000,
      open: async () => {
        await new Promise<void>((resolve) => (hand = resolve));
        return open(path, 'wx');
      },
      onError: () => undefined,
    });
    for (let at = 0; at < 50_000; at += 1) file.add({ type: 'half-close', at, rpc: 1 });
    hand?.();
    await file.close();
    const text = await readFile(path, 'utf8');
    expect(text.length).toBeLessThan(1_100_000);
    expect(text).toMatch(/\{"type":"truncated","at":\d+\}\n$/u);
  });

  it('tells once of a disk that is full, and closes all the same', async () => {
    const errors: unknown[] = [];
    const path = join(await makeFolder(), 'call.jsonl');
    const file = createRecordingFile(header, {
      maxBytes: 10_000,
      open: async () => {
        const handle = await open(path, 'wx');
        return Object.assign(handle, {
          appendFile: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
        });
      },
      onError: (error) => errors.push(error),
    });
    file.add({ type: 'half-close', at: 1, rpc: 1 });
    await file.close();
    file.add({ type: 'half-close', at: 2, rpc: 1 });
    await file.close();
    expect(errors).toEqual([expect.objectContaining({ code: 'ENOSPC' })]);
  });
});

describe('recordings-folder', () => {
  it('deletes the oldest recordings and nothing else', async () => {
    const folder = await makeFolder();
    await chmod(folder, 0o755);
    const names = [1, 2, 3].map((day) =>
      recordingNameOf(`2026-01-0${day}T10:00:00.000Z`, '0123456789'),
    );
    await writeFile(join(folder, 'notes.jsonl'), '');
    for (const name of names) await writeFile(join(folder, name), '');
    const name = recordingNameOf('2026-01-04T10:00:00.000Z', 'abcdef0123');
    const inUse = new Set([names[0] ?? '']);
    await (await createInFolder(folder, name, { maxFiles: 3, inUse })).close();
    expect((await readdir(folder)).sort()).toEqual([names[0], names[2], name, 'notes.jsonl']);
    await expect(createInFolder(folder, name, { maxFiles: 9, inUse })).rejects.toMatchObject({
      code: 'EEXIST',
    });
  });
});
