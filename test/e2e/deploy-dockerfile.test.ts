import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ROOT } from '../deploy/deploy-files.ts';
import { findTool } from '../support/tools.ts';

describe('the Dockerfile', () => {
  it('passes hadolint without a remark', async () => {
    const run = promisify(execFile)(findTool('hadolint') ?? '', ['--no-color', 'Dockerfile'], {
      cwd: ROOT,
    });
    await expect(run).resolves.toMatchObject({ stdout: '' });
  });
});
