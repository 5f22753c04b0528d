import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startOrganisations } from '../../src/config/watch-organisations.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

const ONE = '11111111-2222-4333-8444-555555555555';
const TWO = '22222222-2222-4333-8444-555555555555';

let folder: string;
let file: string;
let clock: ReturnType<typeof createFakeClock>;
let log: ReturnType<typeof createLogRecorder>;
let lists: string[][];
let closers: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-tenants-'));
  file = join(folder, 'organisations.txt');
  clock = createFakeClock();
  log = createLogRecorder();
  lists = [];
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await rm(folder, { recursive: true });
});

async function start() {
  const watcher = await startOrganisations(file, {
    clock,
    logger: log.logger,
    onChange: (organisations) => void lists.push([...organisations]),
  });
  closers.push(watcher.close);
  return watcher;
}

/** Half a second goes by, and the look at the file that falls due is over. */
async function look(): Promise<void> {
  clock.advance(500);
  await vi.waitFor(() => expect(clock.pending()).toBe(1), { interval: 1 });
}

/** A change is in force within two seconds. */
async function twoSeconds(): Promise<void> {
  for (let looks = 0; looks < 4; looks += 1) await look();
}

describe('watching the known organisations', () => {
  it('does nothing without a file', async () => {
    const watcher = await startOrganisations(undefined, {
      clock,
      logger: log.logger,
      onChange: () => expect.unreachable(),
    });
    watcher.close();
    expect(clock.pending()).toBe(0);
  });

  it('fails at the start when the file cannot be used', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    expect(clock.pending()).toBe(0);
  });

  it('hands over the list, then each change, however the file is written', async () => {
    await writeFile(file, ONE);
    await start();
    await twoSeconds();
    expect(lists).toEqual([[ONE]]);
    expect(log.lines).toEqual([]);

    await writeFile(file, `${ONE}\n${TWO}\n`);
    await twoSeconds();
    await writeFile(join(folder, 'next'), `${TWO}\n`);
    await rename(join(folder, 'next'), file);
    await twoSeconds();
    expect(lists).toEqual([[ONE], [ONE, TWO], [TWO]]);
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { event: 'tenants.changed', organisations: 2, added: 1, removed: 0 },
      { event: 'tenants.changed', organisations: 1, added: 0, removed: 1 },
    ]);
  });

  it('follows a symbolic link that is pointed elsewhere, as Kubernetes does it', async () => {
    for (const [version, content] of [
      ['..1', ONE],
      ['..2', TWO],
    ] as const) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'organisations.txt'), content);
    }
    await symlink('..1', join(folder, '..data'));
    await symlink(join('..data', 'organisations.txt'), file);
    await start();
    await symlink('..2', join(folder, '..swap'));
    await rename(join(folder, '..swap'), join(folder, '..data'));
    await twoSeconds();
    expect(lists).toEqual([[ONE], [TWO]]);
  });

  it('sees a change that was made before the first look', async () => {
    await writeFile(file, ONE);
    const starting = start();
    await starting;
    await writeFile(file, TWO);
    await twoSeconds();
    expect(lists.at(-1)).toEqual([TWO]);
  });

  it('waits until the file stands still', async () => {
    await writeFile(file, `${ONE}\n${TWO}`);
    await start();
    await twoSeconds();
    await writeFile(file, ONE);
    await look();
    await writeFile(file, `${ONE}\n${TWO}\n`);
    await twoSeconds();
    expect(lists).toEqual([[ONE, TWO]]);
  });

  it('keeps the list when the file is wrong or gone, says so once, and goes on when it is right', async () => {
    await writeFile(file, ONE);
    await start();
    for (const spoil of [
      () => writeFile(file, 'canary'),
      () => writeFile(file, ''),
      () => rm(file),
    ]) {
      await spoil();
      await twoSeconds();
      await twoSeconds();
    }
    expect(lists).toEqual([[ONE]]);
    expect(log.events()).toEqual(['tenants.refused', 'tenants.refused', 'tenants.refused']);
    expect(log.lines[0]).toMatchObject({ level: 'error', fields: { organisations: 1 } });
    expect(JSON.stringify(log.lines)).not.toContain('canary');

    await writeFile(file, ONE);
    await twoSeconds();
    expect(lists).toEqual([[ONE]]);
    expect(log.events().at(-1)).toBe('tenants.changed');
  });

  it('looks no more once it is closed', async () => {
    await writeFile(file, ONE);
    const watcher = await start();
    await twoSeconds();
    await writeFile(file, TWO);
    await look();
    clock.advance(500);
    watcher.close();
    watcher.close();
    expect(clock.pending()).toBe(0);
    await writeFile(file, ONE);
    expect(lists).toEqual([[ONE]]);
  });
});
