import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../src/core/logger.ts';
import { echoBot } from '../../src/handlers/echo.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../contracts/bot-handler.ts';

const deps = { logger: silentLogger, baseDir: '.' };
const create = async (options?: unknown) => echoBot.create(options, deps);

describeBotContract('echo', create);

describe('the echo bot', () => {
  it('greets first, with its own words or yours', async () => {
    expect(await ask(await create(), createCall(), INPUTS.start)).toContainEqual({
      type: 'say',
      text: expect.stringContaining('play it back'),
    });
    expect(await ask(await create({ greeting: 'Hi.' }), createCall(), INPUTS.start)).toContainEqual(
      { type: 'say', text: 'Hi.' },
    );
  });

  it('plays back the very sound that the caller made', async () => {
    const bot = await create();
    expect(bot.hears).toBe('utterances');
    const outputs = await ask(bot, createCall(), INPUTS.speech);
    const audio = outputs.find((output) => output.type === 'audio')?.audio;
    expect(audio).toBe(INPUTS.speech.audio);
  });

  it.each([
    ['7', 'You pressed 7.'],
    ['*', 'You pressed star.'],
    ['12*', 'You pressed 1, 2, star.'],
  ])('names the keys %s', async (digits, text) => {
    const input = { type: 'digits', digits, sensitive: false } as const;
    expect(await ask(await create(), createCall(), input)).toContainEqual({ type: 'say', text });
  });

  it('hangs up at #, which it asks for as a digit', async () => {
    const bot = await create();
    const [listen] = await ask(bot, createCall(), INPUTS.start);
    expect(listen).toMatchObject({ type: 'listen', settings: { digits: { terminator: '*' } } });
    const outputs = await ask(bot, createCall(), { type: 'digits', digits: '#', sensitive: false });
    expect(outputs[0]).toMatchObject({ type: 'end' });
  });

  it('[check 67] returns a custom event to the flow', async () => {
    expect(await ask(await create(), createCall(), INPUTS.event)).toContainEqual({
      type: 'custom-event',
      name: 'hint',
      metadata: { some: ['value', 1] },
    });
  });

  it('says nothing when the turn is called off', async () => {
    const turn = createTurn(AbortSignal.abort());
    expect(await ask(await create(), createCall(), INPUTS.start, turn)).toEqual([]);
  });

  it('refuses an option that it does not know and names the nearest', async () => {
    await expect(create({ greting: 'Hi.' })).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringContaining('did you mean "greeting"?'),
    });
  });
});
