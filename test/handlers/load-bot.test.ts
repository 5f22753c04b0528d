import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadBot } from '../../src/handlers/load-bot.ts';
import { BUILT_IN_BOTS } from '../../src/handlers/registry.ts';

let baseDir = '';
const load = (use: string) => loadBot(use, baseDir, BUILT_IN_BOTS);
const botCode = (name: string) => `{ name: '${name}', create: () => ({}) }`;

async function write(file: string, code: string): Promise<void> {
  await mkdir(dirname(join(baseDir, file)), { recursive: true });
  await writeFile(join(baseDir, file), code);
}

async function writePackage(name: string, manifest: object, file: string, code: string) {
  await write(`node_modules/${name}/package.json`, JSON.stringify({ name, ...manifest }));
  await write(`node_modules/${name}/${file}`, code);
}

beforeAll(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'byova-bots-'));
});
afterAll(() => rm(baseDir, { recursive: true, force: true }));

describe('loading a bot', () => {
  it('finds the bots of the gateway by name', async () => {
    expect(await load('script')).toBe(BUILT_IN_BOTS.get('script'));
  });

  it('finds a file from the folder of the configuration, or by its whole path', async () => {
    await write('bots/named.mjs', `export const bot = ${botCode('named')};`);
    expect((await load('./bots/named.mjs')).name).toBe('named');
    expect((await loadBot('../bots/named.mjs', join(baseDir, 'x'), BUILT_IN_BOTS)).name).toBe(
      'named',
    );
    expect((await load(join(baseDir, 'bots/named.mjs'))).name).toBe('named');
  });

  it('takes a default export and a CommonJS module', async () => {
    await write('default.mjs', `export default ${botCode('default')};`);
    await write('common.cjs', `module.exports = { bot: ${botCode('common')} };`);
    await write(
      'computed.cjs',
      `module.exports = Object.fromEntries([['bot', ${botCode('computed')}]]);`,
    );
    expect((await load('./default.mjs')).name).toBe('default');
    expect((await load('./common.cjs')).name).toBe('common');
    expect((await load('./computed.cjs')).name).toBe('computed');
  });

  it('finds an installed package, scoped or not, whatever conditions it exports', async () => {
    const code = (name: string) => `export const bot = ${botCode(name)};`;
    await writePackage('plain', { type: 'module', main: 'main.js' }, 'main.js', code('plain'));
    await writePackage(
      '@example/bots',
      { type: 'module', exports: { '.': { types: './main.d.ts', import: './main.js' } } },
      'main.js',
      code('scoped'),
    );
    await writePackage(
      'many',
      { type: 'module', exports: { './sales': { node: { import: './sales.js' } } } },
      'sales.js',
      code('sales'),
    );
    expect((await load('plain')).name).toBe('plain');
    expect((await load('@example/bots')).name).toBe('scoped');
    expect((await load('many/sales')).name).toBe('sales');
    await expect(load('many/other')).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
  });

  it('reads a file once more when it has changed', async () => {
    await write('changing.mjs', `export const bot = ${botCode('old')};`);
    const first = await load('./changing.mjs');
    expect(await load('./changing.mjs')).toBe(first);
    await write('changing.mjs', `export const bot = ${botCode('new')};`);
    await utimes(join(baseDir, 'changing.mjs'), 1, 1);
    expect((await load('./changing.mjs')).name).toBe('new');
  });

  it('says so when there is no such file', async () => {
    await expect(load('./missing.mjs')).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: 'bot "./missing.mjs": there is no such file',
    });
  });

  it('names the nearest bot when it knows no such name', async () => {
    await expect(load('scrpt')).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringContaining('did you mean "script"?'),
    });
    await expect(load('@')).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
    await expect(load('node:fs')).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
  });

  it('says so when a module throws, and keeps what it threw', async () => {
    await write('throwing.mjs', `throw new Error('broken inside');`);
    await expect(load('./throwing.mjs')).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.not.stringContaining('broken inside'),
      cause: { message: 'broken inside' },
    });
  });

  it.each(['export const bot = 1;', 'export const other = {};', 'export default () => {};'])(
    'says what is missing when a module exports no bot: %s',
    async (code) => {
      const file = `no-bot-${code.length}.mjs`;
      await write(file, code);
      await expect(load(`./${file}`)).rejects.toMatchObject({
        code: 'ERR_HANDLER_LOAD',
        message: expect.stringContaining('must export a bot'),
      });
    },
  );
});
