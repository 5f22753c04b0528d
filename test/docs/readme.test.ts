import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { renderReadme } from '../../scripts/readme-tables.ts';
import { ERROR_CODES } from '../../src/core/gateway-error.ts';
import { STATUS_OF } from '../../src/transport/status.ts';

const read = async (file: string): Promise<string> =>
  readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('the README', () => {
  it('has the tables that the code makes (npm run docs)', async () => {
    const readme = await read('README.md');
    expect(await renderReadme(readme)).toBe(readme);
    for (const name of ['config', 'errors', 'metrics'])
      expect(readme).toMatch(new RegExp(`<!-- ${name} -->\\n\\| [^]+<!-- /${name} -->`, 'u'));
  });

  it('shows the bot of the examples, letter for letter', async () => {
    expect(await read('README.md')).toContain(await read('examples/hello/hello-bot.mjs'));
  });
});

describe('the error codes', () => {
  it('each have a status and a name that says which room they come from', () => {
    expect(Object.keys(STATUS_OF).sort()).toEqual([...ERROR_CODES].sort());
    for (const code of ERROR_CODES)
      expect(code).toMatch(
        /^ERR_(TRANSPORT|AUTH|PROTOCOL|CONVERSATION|HANDLER|SPEECH|AUDIO|STORE|CONFIG|SIMULATOR)_/u,
      );
  });
});
