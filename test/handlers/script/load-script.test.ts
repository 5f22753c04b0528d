import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MULAW_SILENCE } from '../../../src/audio/audio-format.ts';
import { encodeWav } from '../../../src/audio/wav.ts';
import type { GatewayError } from '../../../src/core/gateway-error.ts';
import { loadScript } from '../../../src/handlers/script/load-script.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-script-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(yaml: string) {
  const file = join(folder, 'menu.yaml');
  await writeFile(file, yaml);
  return loadScript(file);
}

async function problemsOf(yaml: string): Promise<unknown> {
  const error = (await load(yaml).catch((error: unknown) => error)) as GatewayError;
  expect(error).toMatchObject({ code: 'ERR_HANDLER_LOAD' });
  return error.detail['problems'];
}

describe('loading a script', () => {
  it('reports every problem of form, reference and sound at once, each with its path', async () => {
    const problems = await problemsOf(`
start: welcom
events: { closing: clos }
nodes:
  welcome:
    sya: Hello.
    say: 5
    goto: menu
  menu:
    play: missing.wav
    ask:
      digits: { '1': balanse, x: menu, '123': menu }
      maxLength: 2
      minLength: 3
      lissen: voice
      otherwise: nowhere
  both:
    goto: menu
    hangUp: true
  neither:
    say: Hm.
`);
    expect(problems).toEqual(
      expect.arrayContaining([
        'start: unknown node "welcom"; did you mean "welcome"?',
        'events.closing: unknown node "clos"',
        'nodes.welcome: unknown key "sya"; did you mean "say"?',
        expect.stringMatching(/^nodes\.welcome\.say\.0: /u),
        'nodes.menu.play: cannot read "missing.wav"',
        'nodes.menu.ask.digits.1: unknown node "balanse"',
        expect.stringMatching(/^nodes\.menu\.ask\.digits\.x: /u),
        'nodes.menu.ask.digits.123: is longer than maxLength',
        'nodes.menu.ask.minLength: is more than maxLength',
        'nodes.menu.ask: unknown key "lissen"; did you mean "listen"?',
        'nodes.menu.ask.otherwise: unknown node "nowhere"',
        'nodes.both: expected exactly one of ask, goto, transfer, hangUp',
        'nodes.neither: expected exactly one of ask, goto, transfer, hangUp',
      ]),
    );
  });

  it('refuses a circle in which nobody is asked, and a question that nothing answers', async () => {
    expect(
      await problemsOf(`
start: a
nodes:
  a: { goto: b }
  b: { goto: a }
  c: { goto: a }
  d: { ask: { noMatch: Again. } }
`),
    ).toEqual([
      'nodes.a.goto: goes in a circle',
      'nodes.b.goto: goes in a circle',
      'nodes.d.ask: expected digits or speech, or no answer leads anywhere',
    ]);
  });

  it('names the line of what is no YAML', async () => {
    expect(await problemsOf('start: a\nnodes: {\n')).toEqual([expect.stringContaining('line')]);
    expect(await problemsOf('start: a\nstart: b\n')).toEqual([expect.stringContaining('line 2')]);
  });

  it.each(['', '[]', 'text', 'nodes: []', 'start: a\nnodes: { a: [] }'])(
    'refuses %j, which is no script',
    async (yaml) => {
      expect(await problemsOf(yaml)).not.toEqual([]);
    },
  );

  it('says so when there is no such file', async () => {
    await expect(loadScript(join(folder, 'none.yaml'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: 'script none.yaml: cannot be read',
    });
  });

  it('keeps digits as they are written', async () => {
    const script = await load(`
start: a
nodes:
  a: { ask: { digits: { 007: b, 1: b } } }
  b: { hangUp: }
`);
    expect([...(script.questions.get('a')?.digits.keys() ?? [])]).toEqual(['1', '007']);
  });

  it('converts a WAV file of any rate to telephone audio, read from the folder of the script', async () => {
    const pcm = new Uint8Array(16_000 * 2);
    await writeFile(
      join(folder, 'second.wav'),
      encodeWav(pcm, { encoding: 'linear16', sampleRateHz: 16_000 }),
    );
    const script = await load('start: a\nnodes: { a: { play: second.wav, hangUp: true } }');
    const played = script.arrivals.get('a')?.outputs.find((output) => output.type === 'audio');
    expect(played?.audio).toEqual(new Uint8Array(8000).fill(MULAW_SILENCE));
  });

  it('says what is wrong with a sound', async () => {
    await writeFile(join(folder, 'text.wav'), 'no sound');
    expect(await problemsOf('start: a\nnodes: { a: { play: text.wav, hangUp: true } }')).toEqual([
      expect.stringMatching(/^nodes\.a\.play: the WAV file cannot be read/u),
    ]);
  });
});
