import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadOrganisations } from '../../src/config/load-organisations.ts';

const ONE = '11111111-2222-4333-8444-555555555555';
const TWO = 'abcdefab-2222-4333-8444-555555555555';

describe('the file of known organisations', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'byova-organisations-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const load = async (content: string | Uint8Array) => {
    const file = join(folder, 'organisations.txt');
    await writeFile(file, content);
    return loadOrganisations(file);
  };

  it('holds one UUID a line, comments, empty lines and repetitions', async () => {
    const text = `\u{feff}# ours\r\n${ONE}\r\n\r\n  ${TWO.toUpperCase()} # moved in\r\n${ONE}`;
    expect(await load(text)).toEqual(new Set([ONE, TWO]));
  });

  it('is refused with every problem and its line, and repeats nothing of the file', async () => {
    const failed = load(`${ONE}\ncanary-1\n#\n${ONE} ${TWO}\n${ONE}0\n`);
    await expect(failed).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: [
        '3 problems in organisations.txt',
        ...[2, 4, 5].map(
          (line) => `  organisations.txt: must hold the UUID of an organisation (line ${line})`,
        ),
      ].join('\n'),
    });
  });

  it('is refused when it names nobody, as a file does that is just being written', async () => {
    for (const text of ['', '\n\n', '# nobody'])
      await expect(load(text)).rejects.toThrow('must hold at least one organisation');
  });

  it('is refused when it is missing, too large, or no text', async () => {
    await expect(loadOrganisations(join(folder, 'missing'))).rejects.toThrow(
      'missing: cannot be read (ENOENT)',
    );
    await expect(load(`#${'x'.repeat(8 * 1_048_576)}`)).rejects.toThrow('is larger than 8 MB');
    await expect(load(Uint8Array.of(0x23, 0xff))).rejects.toThrow('is not UTF-8 text');
  });

  it('takes 100,000 entries and not one more', async () => {
    const uuids = Array.from(
      { length: 100_000 },
      (_, index) => `${index.toString(16).padStart(8, '0')}-2222-4333-8444-555555555555\n`,
    );
    expect((await load(uuids.join(''))).size).toBe(100_000);
    await expect(load(`${uuids.join('')}${ONE}`)).rejects.toThrow(
      'has more than 100000 entries (line 100001)',
    );
  });
});
