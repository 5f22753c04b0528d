import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const create = async (name: string, options: unknown, baseDir = '.') =>
  BUILT_IN_RECOGNISERS.get(name)?.create(options, {
    logger: silentLogger,
    clock: createFakeClock(),
    baseDir,
  });

const problemsOf = async (name: string, options: unknown, baseDir?: string): Promise<string> => {
  try {
    await create(name, options, baseDir);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    return (error as Error).message;
  }
};

describe('options of recognisers', () => {
  it('are enough with what is required', async () => {
    expect((await create('deepgram', { apiKey: 'key' }))?.name).toBe('deepgram');
    expect((await create('vosk', { url: 'wss://speech.example.com' }))?.name).toBe('vosk');
  });

  it.each([
    'ws://speech.example.com/',
    'http://127.0.0.1:2700/',
    'ws://127.0.0.1.example.com/',
    'ws://0.0.0.0:2700',
    'wss://user:password@speech.example.com/',
    'wss://speech.example.com/?callback=https://elsewhere.example.com',
    'wss://speech.example.com/#part',
    'speech.example.com',
  ])('refuse the URL %s', async (url) => {
    expect(await problemsOf('vosk', { url })).toContain('url: expected a wss URL');
    expect(await problemsOf('deepgram', { apiKey: 'k', url })).toContain('url: expected a wss URL');
  });

  it.each(['ws://localhost:2700', 'ws://127.0.0.1:2700/', 'ws://[::1]:2700', 'wss://speech/x'])(
    'take the URL %s',
    async (url) => {
      expect(await problemsOf('vosk', { url })).toBe('');
    },
  );

  it('report every problem with its path, and no value', async () => {
    const secret = 'secret with spaces';
    const message = await problemsOf('deepgram', {
      apiKey: secret,
      maxSessions: 0,
      sensitive: 'store',
      keyterm: ['typo'],
      parameters: { callback: 'https://elsewhere.example.com' },
    });
    for (const part of [
      'apiKey:',
      'maxSessions:',
      'sensitive:',
      'did you mean "keyterms"',
      'parameters',
    ])
      expect(message).toContain(part);
    expect(message).not.toContain(secret);
    expect(message).not.toContain('elsewhere');
  });

  it('let nobody change what the sound is or where the text goes', async () => {
    for (const name of [
      'encoding',
      'sample_rate',
      'callback',
      'mip_opt_out',
      'endpointing',
      'model',
    ])
      expect(await problemsOf('deepgram', { apiKey: 'k', parameters: { [name]: 'x' } })).not.toBe(
        '',
      );
  });

  it('refuse a file of authorities that is missing or holds none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'byova-'));
    await writeFile(join(folder, 'empty.pem'), 'nothing');
    for (const ca of ['missing.pem', 'empty.pem'])
      expect(await problemsOf('vosk', { url: 'wss://speech', ca }, folder)).toContain('ca:');
    await rm(folder, { recursive: true });
  });
});
