import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { DEVELOPMENT_ORGANISATION } from '../../src/cli/development.ts';
import { decodeWav } from '../../src/audio/wav.ts';
import { createCliStage, makeFolder, spawnCli } from '../support/cli-rig.ts';
import { MINIMAL_CONFIG } from '../support/config-text.ts';

/** Splits a stereo recording of PCM16 into its sides. */
function sidesOf(data: Uint8Array): readonly [left: Int16Array, right: Int16Array] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const side = (offset: number): Int16Array =>
    Int16Array.from({ length: data.length / 4 }, (_, i) => view.getInt16(i * 4 + offset, true));
  return [side(0), side(2)];
}

const loudSamples = (side: Int16Array): number =>
  side.filter((sample) => Math.abs(sample) > 1000).length;

// Each starts a process, and the machine may be busy.
describe('the program byova', { timeout: 60_000 }, () => {
  it('[check 62] shows a whole call that ends with a human, and records both sides', async () => {
    const cwd = await makeFolder();
    const { code, out, err } = await spawnCli(['demo', '--speed', '20', '--out', 'recordings'], {
      cwd,
    });
    expect([code, err]).toEqual([0, '']);
    for (const text of [
      'prompt cut short',
      '“Please enter your 6 digit PIN.”',
      '6 digits',
      'CUSTOM_EVENT "balance-told"',
      'END_OF_INPUT',
      'TRANSFER_TO_AGENT "front-desk"',
      '✓ the bot transferred the caller to a human',
      '✓ every answer kept the contract with Webex',
    ])
      expect(out).toContain(text);
    expect(out).not.toContain('\u001B');
    expect(out).not.toContain('271828');
    const wav = decodeWav(await readFile(join(cwd, 'recordings', 'byova-demo.wav')));
    expect(wav).toMatchObject({
      channels: 2,
      format: { encoding: 'linear16', sampleRateHz: 8000 },
    });
    const seconds = wav.data.length / 4 / 8000;
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThan(90);
    const [caller, bot] = sidesOf(wav.data);
    expect(loudSamples(caller)).toBeGreaterThan(4000);
    expect(loudSamples(bot)).toBeGreaterThan(40_000);
  });

  it('says in one line that a gateway cannot be reached', async () => {
    const cwd = await makeFolder();
    const args = [
      'call',
      '--target',
      '127.0.0.1:1',
      '--token',
      'a',
      '--org',
      DEVELOPMENT_ORGANISATION,
    ];
    const { code, out, err } = await spawnCli(args, { cwd });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^byova: cannot reach 127\.0\.0\.1:1: connect ECONNREFUSED [^\n]*\n$/u);
  });

  it('serves until SIGTERM, with nothing but JSON lines in its log', async () => {
    const cwd = await makeFolder();
    await writeFile(
      join(cwd, 'byova.yaml'),
      `
grpc: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
trust: { issuers: [ { issuer: "http://127.0.0.1:1/idb" } ] }
${MINIMAL_CONFIG}`,
    );
    let isTold = false;
    const { code, out, err } = await spawnCli(['serve', '--config', 'byova.yaml'], {
      cwd,
      onOutput(text, kill) {
        if (!isTold && text.includes('gateway.ready')) kill('SIGTERM');
        isTold ||= text.includes('gateway.ready');
      },
    });
    expect([code, err]).toEqual([0, '']);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly event: string }).event);
    expect(events.at(-1)).toBe('gateway.stopped');
  });
});

describe('the help of byova', () => {
  it.each(['serve', 'dev', 'call', 'token', 'agents', 'demo'])(
    'of %s has an example',
    async (verb) => {
      const { run } = await createCliStage();
      const { code, out } = await run(verb, '--help');
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`Examples?:\n(?: {2}.*\n)*? {2}\\$ .*byova ${verb} `, 'u'));
    },
  );
});
