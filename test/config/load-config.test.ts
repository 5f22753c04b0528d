import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load-config.ts';
import { MINIMAL_CONFIG } from '../support/config-text.ts';

describe('load-config', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'byova-config-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });
  const write = async (content: string | Uint8Array): Promise<string> => {
    const file = join(folder, 'byova.yaml');
    await writeFile(file, content);
    return file;
  };

  it('reads a file and starts relative paths from its folder', async () => {
    const tls = 'grpc: { tls: { cert: c.pem, key: "${KEY}" } }\n';
    const config = await loadConfig(await write(MINIMAL_CONFIG + tls), { KEY: 'k.pem' });
    expect(config.baseDir).toBe(folder);
    expect(config.grpc.tls).toMatchObject({
      certFile: join(folder, 'c.pem'),
      keyFile: join(folder, 'k.pem'),
    });
  });

  it('reads a file with a byte order mark and Windows line ends', async () => {
    const text = `\u{feff}${MINIMAL_CONFIG.replaceAll('\n', '\r\n')}`;
    expect((await loadConfig(await write(text), {})).agents).toHaveLength(1);
  });

  it('refuses a file that is missing, a folder, too large, or no UTF-8', async () => {
    const refusal = async (file: string) =>
      expect(loadConfig(file, {})).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    await refusal(join(folder, 'missing.yaml'));
    await refusal(folder);
    await refusal(await write(`#${'x'.repeat(1_048_576)}`));
    await refusal(await write(Uint8Array.of(0x61, 0x3a, 0xff)));
    await expect(loadConfig(join(folder, 'missing.yaml'), {})).rejects.toThrow(
      'missing.yaml: cannot be read (ENOENT)',
    );
  });
});
