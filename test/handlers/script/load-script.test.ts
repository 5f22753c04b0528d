import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MULAW_SILENCE } from '../../../src/audio/audio-format.ts';
import { encodeWav } from '../../../src/audio/wav.ts';
import type { GatewayError } from '../../../src/core/gateway-error.ts';
import { loadScript } from '../../../src/handlers/script/load-script.ts';
import { runScript } from '../../../src/handlers/script/run-script.ts';
import { INPUTS, createCall } from '../../contracts/bot-handler.ts';

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
        'nodes.menu.ask.digits.x: expected digits or "any"',
        'nodes.menu.ask.digits.123: is longer than maxLength',
        'nodes.menu.ask.minLength: is more than maxLength',
        'nodes.menu.ask: unknown key "lissen"; did you mean "listen"?',
        'nodes.menu.ask.otherwise: unknown node "nowhere"',
        'nodes.both: expected exactly one of ask, collect, goto, transfer, hangUp',
        'nodes.neither: expected exactly one of ask, collect, goto, transfer, hangUp',
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
      'nodes.d.ask: expected digits, hears or speech, or no answer leads anywhere',
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
    expect([...(script.nodes.get('a')?.question?.digits.keys() ?? [])]).toEqual(['1', '007']);
  });

  it('converts a WAV file of any rate to telephone audio, read from the folder of the script', async () => {
    const pcm = new Uint8Array(16_000 * 2);
    await writeFile(
      join(folder, 'second.wav'),
      encodeWav(pcm, { encoding: 'linear16', sampleRateHz: 16_000 }),
    );
    const script = await load('start: a\nnodes: { a: { play: second.wav, hangUp: true } }');
    const played = runScript(script, {
      call: createCall(),
      state: undefined,
      input: INPUTS.start,
    }).outputs.find((output) => output.type === 'audio');
    expect(new Uint8Array(played?.audio ?? [])).toEqual(new Uint8Array(8000).fill(MULAW_SILENCE));
  });

  it('says what is wrong with a sound', async () => {
    await writeFile(join(folder, 'text.wav'), 'no sound');
    expect(await problemsOf('start: a\nnodes: { a: { play: text.wav, hangUp: true } }')).toEqual([
      expect.stringMatching(/^nodes\.a\.play: the WAV file cannot be read/u),
    ]);
  });

  it('reports unknown, reserved and confidential names, wherever they stand', async () => {
    const problems = await problemsOf(`
start: a
language: { default: en, from: [language, tongue] }
variables: { digits: 1, pin: 2, account: none }
summary: 'About {{ pin }}.'
nodes:
  a:
    set: { copy: '{{ pin }}', account: null, spoken: '{{ acount }}' }
    say: ['Your PIN is {{ pin }}.', { en: 'Hi {{ call.parameter.name }}', de: 'So {{ }}' }]
    event: { name: told, metadata: { pin: '{{ pin }}', allowSensitive: true } }
    branch: { when: { variable: pin, equals: 1 }, goto: b }
    collect: { into: pin, goto: b, sensitive: true, noMatch: 'Not {{ digits }}.', when: { variable: digits, equals: 1 } }
  b:
    set: { pin: null }
    hangUp: { name: '{{ pin }}', metadata: { list: ['{{ pin }}'] }, allowSensitive: true }
`);
    const confidential = (path: string, name = 'pin') =>
      `${path}: "${name}" is confidential: only a condition, or metadata, beside allowSensitive: true may read it`;
    expect([...(problems as string[])].sort()).toEqual(
      [
        'language.from: the language cannot follow itself',
        'language.from: unknown variable "tongue"',
        'variables.digits: this name is built in; choose another',
        'variables.pin: is collected in confidence; it can only be set to null',
        confidential('summary.default').replace('.default', ''),
        confidential('nodes.a.set.copy'),
        'nodes.a.set.spoken: unknown variable "acount"; did you mean "account"?',
        confidential('nodes.a.say.0'),
        'nodes.a.say.1.en: unknown variable "call.parameter.name"; did you mean "call.parameters"?',
        'nodes.a.say.1.de: expected a name between {{ and }}, such as {{ account }}',
        confidential('nodes.a.event.metadata.pin'),
        confidential('nodes.a.branch.when'.concat('.variable')),
        confidential('nodes.a.collect.noMatch', 'digits'),
        confidential('nodes.a.collect.when.variable', 'digits'),
        confidential('nodes.b.hangUp.name'),
      ].sort(),
    );
  });

  it('refuses circles through branches, and what a question cannot mean', async () => {
    expect(
      await problemsOf(`
start: a
nodes:
  a: { branch: [{ when: { variable: call.language, equals: de }, goto: b }], hangUp: true }
  b: { goto: a }
  c: { collect: { into: n, goto: a, length: 4, digits: { '12345': b }, confirm: { say: Right?, yes: '2' } } }
`),
    ).toEqual([
      'nodes.a.branch.0.goto: goes in a circle',
      'nodes.b.goto: goes in a circle',
      'nodes.c.collect.digits.12345: is longer than maxLength',
      'nodes.c.collect.confirm: yes and no are the same key',
    ]);
  });

  it('refuses conditions and patterns that mean nothing or could take long', async () => {
    const problems = (await problemsOf(`
start: a
nodes:
  a:
    branch:
      - { when: { variable: call.language }, goto: a }
      - { when: { all: [], not: { equals: 1 } }, goto: a }
      - { when: { variable: call.language, matches: '(?=a)b' }, goto: a }
      - { when: { variable: call.language, matches: '(a|b){40}{40}' }, goto: a }
    hangUp:
`)) as string[];
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^nodes\.a\.branch\.0\.when: expected variable with at least one of/u,
        ),
        expect.stringMatching(/^nodes\.a\.branch\.1\.when.*: expected exactly one of all, any/u),
        'nodes.a.branch.2.when.matches: a pattern cannot look around or name groups',
        'nodes.a.branch.3.when.matches: is no regular expression',
      ]),
    );
  });

  it('allows nodes that nothing leads to, and knows them', async () => {
    const { unreachable } = await load('start: a\nnodes: { a: { hangUp: }, b: { goto: a } }');
    expect(unreachable).toEqual(['b']);
  });
});
