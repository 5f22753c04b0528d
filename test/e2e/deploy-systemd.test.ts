import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { readProjectFile } from '../deploy/deploy-files.ts';
import { makeFolder } from '../support/cli-rig.ts';
import { findTool } from '../support/tools.ts';

const UNIT = 'byova-gateway.service';
/** Of 100; a unit that says nothing has 96. */
const MOST_EXPOSURE = '15';

describe('the unit, read by systemd', () => {
  it('is well formed and gives away few rights', async () => {
    const unit = await readProjectFile(`deploy/systemd/${UNIT}`);
    const file = join(await makeFolder(), UNIT);
    // On this machine the program is somewhere else.
    const local = unit
      .replaceAll('/usr/bin/node', process.execPath)
      .replaceAll('/opt/byova-gateway', '/');
    await writeFile(file, local);
    const run = async (...args: readonly string[]) =>
      promisify(execFile)(findTool('systemd-analyze') ?? '', args);
    expect(await run('verify', file)).toEqual({ stdout: '', stderr: '' });
    await expect(
      run('security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, file),
    ).resolves.toBeDefined();
  });
});
