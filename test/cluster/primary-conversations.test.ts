import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { openPrimaryConversations } from '../../src/cluster/primary-conversations.ts';
import { systemClock } from '../../src/core/clock.ts';
import { MINIMAL_CONFIG, parse } from '../support/config-text.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-sockets-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (temporaryFolder: string) =>
  openPrimaryConversations(parse(MINIMAL_CONFIG), { clock: systemClock, temporaryFolder });

it('sockets of workers stand in a folder that nobody else may enter, and that goes with the primary', async () => {
  const conversations = open(folder);
  const [name = ''] = await readdir(folder);
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o700);
  conversations.close();
  expect(await readdir(folder)).toEqual([]);
});

it('where no folder can be made, the error says which, and what to do', () => {
  const missing = join(folder, 'missing');
  expect(() => open(missing)).toThrow(`no folder for these can be made in ${missing}`);
  expect(() => open(missing)).toThrow('TMPDIR');
  expect(existsSync(missing)).toBe(false);
});
