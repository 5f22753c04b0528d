import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { watchFiles } from '../../src/cli/watch-files.ts';
import { makeFolder } from '../support/cli-rig.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('watching files', () => {
  it('tells of a change once it has settled, however the file is replaced', async () => {
    const folder = await makeFolder();
    const file = join(folder, 'bot.mjs');
    await writeFile(file, '1');
    const clock = createFakeClock();
    let changes = 0;
    const watcher = watchFiles([file], () => void (changes += 1), { clock });
    onTestFinished(() => watcher.close());

    await writeFile(join(folder, 'next.mjs'), '2');
    await rename(join(folder, 'next.mjs'), file);
    await expect.poll(() => clock.pending()).toBe(1);
    expect(changes).toBe(0);
    clock.advance(150);
    expect(changes).toBe(1);
  });

  it('does not care for other files of the folder, and ends when it is closed', async () => {
    const folder = await makeFolder();
    const [file, other] = [join(folder, 'bot.mjs'), join(folder, 'notes.txt')];
    await writeFile(file, '1');
    const clock = createFakeClock();
    const watcher = watchFiles([file], () => undefined, { clock });
    await writeFile(other, '1');
    await writeFile(file, '2');
    await expect.poll(() => clock.pending()).toBe(1);
    watcher.close();
    expect(clock.pending()).toBe(0);
  });
});
