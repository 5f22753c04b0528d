import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import type { BotInput } from '../../../src/handlers/bot-handler.ts';
import { scriptBot } from '../../../src/handlers/script/script-bot.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../../contracts/bot-handler.ts';
import { createLogRecorder } from '../../support/log-recorder.ts';

const baseDir = fileURLToPath(new URL('../../../examples/front-desk', import.meta.url));
const create = async (options: unknown = { file: 'front-desk.yaml' }) =>
  scriptBot.create(options, { logger: silentLogger, baseDir });

describeBotContract('script', create);

const keys = (digits: string, sensitive = false): BotInput => ({
  type: 'digits',
  digits,
  sensitive,
});

describe('the front desk of the examples', () => {
  it('tells the balance for a PIN, which it asks for in confidence and keeps nowhere', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    const question = await ask(bot, call, keys('1'));
    expect(question[0]).toMatchObject({
      type: 'listen',
      settings: { mode: 'digits', digits: { maxLength: 6 }, sensitive: true },
    });
    const answer = await ask(bot, call, keys('482913', true));
    expect(answer).toContainEqual(
      expect.objectContaining({ type: 'say', text: expect.stringContaining('Your balance is') }),
    );
    expect(answer[0]).not.toMatchObject({ settings: { sensitive: true } });
    expect(JSON.stringify([call.state, answer])).not.toContain('482913');
  });

  it('transfers at 0, with what the human should know', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    expect((await ask(bot, call, keys('0')))[0]).toEqual({
      type: 'transfer',
      name: 'front-desk',
      metadata: { reason: 'caller-asked', language: 'en' },
    });
  });

  it('says the opening hours, and goodbye when nothing more is asked', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    await ask(bot, call, keys('2'));
    expect((await ask(bot, call, INPUTS.noInput))[0]).toMatchObject({ type: 'end' });
  });

  it('asks a caller who speaks to use the keypad', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    expect(await ask(bot, call, INPUTS.speech)).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining('keys of your telephone') }),
    );
  });
});

describe('the script bot', () => {
  it('stands at the next question before it is put, so that an interruption answers it', async () => {
    const bot = await create();
    const call = createCall();
    for await (const _output of bot.answer(call, INPUTS.start, createTurn())) break;
    expect(call.state).toEqual({ node: 'menu', attempts: 0 });
  });

  it('begins anew when the notes are not its own', async () => {
    const call = createCall({ state: { node: 7, attempts: 'x' } });
    const bot = await create();
    expect(await ask(bot, call, keys('1'))).toEqual(await ask(bot, createCall(), INPUTS.start));
  });

  it('warns once of nodes that nothing leads to, and answers all the same', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'byova-script-'));
    await writeFile(join(folder, 'a.yaml'), 'start: a\nnodes: { a: { hangUp: }, b: { goto: a } }');
    const { logger, lines } = createLogRecorder();
    const bot = await scriptBot.create({ file: 'a.yaml' }, { logger, baseDir: folder });
    await rm(folder, { recursive: true });
    expect(await ask(bot, createCall(), INPUTS.start)).toMatchObject([{ type: 'end' }]);
    expect(lines).toMatchObject([
      { level: 'warn', fields: { event: 'bot.script.unreachable', nodes: 'b' } },
    ]);
  });

  it.each([undefined, {}, { file: '' }, { flie: 'front-desk.yaml' }, { file: 'none.yaml' }, 'x'])(
    'refuses the options %j',
    async (options) => {
      await expect(
        scriptBot.create(options, { logger: silentLogger, baseDir }),
      ).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
    },
  );
});
