import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { encodeWav } from '../../src/audio/wav.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { BotHandler, BotInput, BotOutput } from '../../src/handlers/bot-handler.ts';
import { playbackBot } from '../../src/handlers/playback.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../contracts/bot-handler.ts';

/** File name → the byte that it is full of; each is 20 ms long. */
const SOUNDS = { greeting: 0x10, one: 0x21, two: 0x22, spoken: 0x30, silent: 0x40, goodbye: 0x50 };

let baseDir = '';
beforeAll(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'byova-playback-'));
  const format = { encoding: 'mulaw', sampleRateHz: 8000 } as const;
  for (const [name, byte] of Object.entries(SOUNDS))
    await writeFile(
      join(baseDir, `${name}.wav`),
      encodeWav(new Uint8Array(160).fill(byte), format),
    );
  const stereo = { encoding: 'linear16', sampleRateHz: 48_000 } as const;
  await writeFile(join(baseDir, 'stereo.wav'), encodeWav(new Uint8Array(48_000), stereo, 2));
  await writeFile(join(baseDir, 'text.wav'), 'no sound');
});
afterAll(async () => rm(baseDir, { recursive: true }));

const FULL = {
  greeting: 'greeting.wav',
  answers: { '1': 'one.wav', '22': { play: 'two.wav', next: 'transfer' } },
  speech: 'spoken.wav',
  noInput: 'silent.wav',
  goodbye: 'goodbye.wav',
};
const create = async (options: unknown = FULL) =>
  playbackBot.create(options, { logger: silentLogger, baseDir });
const keys = (digits: string): BotInput => ({ type: 'digits', digits, sensitive: false });
/** What it plays, apart from the kind of buffer that a file was read into. */
const hear = async (bot: BotHandler, input: BotInput): Promise<readonly BotOutput[]> => {
  const outputs = await ask(bot, createCall(), input);
  return outputs.map((output) =>
    output.type === 'audio' ? { ...output, audio: new Uint8Array(output.audio) } : output,
  );
};
const play = (name: keyof typeof SOUNDS): BotOutput => ({
  type: 'audio',
  audio: new Uint8Array(160).fill(SOUNDS[name]),
});
const listen = (maxLength: number): BotOutput => ({
  type: 'listen',
  settings: { mode: 'voice-and-digits', digits: { maxLength } },
});
const ending = (type: 'end' | 'transfer'): BotOutput => ({ type, name: '', metadata: {} });

describeBotContract('playback', create);

describe('the playback bot', () => {
  it.each<[string, BotInput, readonly BotOutput[]]>([
    ['the start', INPUTS.start, [listen(2), play('greeting')]],
    ['a key', keys('1'), [listen(2), play('one')]],
    ['keys for a human', keys('22'), [ending('transfer'), play('two'), play('goodbye')]],
    ['an unknown key', keys('9'), [listen(2), play('greeting')]],
    ['speech', INPUTS.speech, [listen(2), play('spoken')]],
    ['silence', INPUTS.noInput, [listen(2), play('silent')]],
    ['an event of the flow', INPUTS.event, [listen(2)]],
  ])('plays what was prepared for %s', async (_, input, outputs) => {
    expect(await hear(await create(), input)).toEqual(outputs);
  });

  it('ends after an answer when told so, but still asks first', async () => {
    const bot = await create({ ...FULL, next: 'end' });
    expect(await hear(bot, INPUTS.start)).toEqual([listen(2), play('greeting')]);
    expect(await hear(bot, keys('1'))).toEqual([ending('end'), play('one'), play('goodbye')]);
  });

  it('ends after the greeting when there is nothing to answer', async () => {
    const bot = await create({ greeting: 'greeting.wav', next: 'end' });
    expect(await hear(bot, INPUTS.start)).toEqual([ending('end'), play('greeting')]);
  });

  it('greets again when nothing else was prepared', async () => {
    const bot = await create({ greeting: 'greeting.wav' });
    for (const input of [INPUTS.speech, INPUTS.noInput, INPUTS.digits])
      expect(await hear(bot, input)).toEqual([listen(1), play('greeting')]);
  });

  it('converts what is no telephone sound', async () => {
    const bot = await create({ greeting: 'stereo.wav' });
    const [, sound] = await ask(bot, createCall(), INPUTS.start);
    expect(sound).toMatchObject({ type: 'audio', audio: { length: 2000 } });
  });

  it('plays nothing when the turn is called off', async () => {
    const turn = createTurn(AbortSignal.abort());
    expect(await ask(await create(), createCall(), INPUTS.start, turn)).toEqual([]);
  });

  it('names every file that it cannot play', async () => {
    const options = { ...FULL, speech: 'none.wav', answers: { '1': 'text.wav' } };
    await expect(create(options)).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      detail: {
        problems: [
          'speech: cannot read "none.wav"',
          expect.stringMatching(/^answers\.1: the WAV file cannot be read: /u),
        ],
      },
    });
  });

  it.each([
    null,
    {},
    { greeting: '' },
    { ...FULL, greting: 'one.wav' },
    { ...FULL, next: 'stop' },
    { ...FULL, answers: { one: 'one.wav' } },
    { ...FULL, answers: { '1': { play: 'one.wav' } } },
  ])('refuses the options %j', async (options) => {
    await expect(create(options)).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
  });
});
