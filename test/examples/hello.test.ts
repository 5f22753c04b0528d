import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../src/core/logger.ts';
import type { BotInput } from '../../src/handlers/bot-handler.ts';
import { loadBot } from '../../src/handlers/load-bot.ts';
import { INPUTS, ask, createCall, describeBotContract } from '../contracts/bot-handler.ts';

const baseDir = fileURLToPath(new URL('../../examples/hello', import.meta.url));
const create = async () => {
  const factory = await loadBot('./hello-bot.mjs', baseDir, new Map());
  return factory.create(undefined, { logger: silentLogger, baseDir });
};
const keys = (digits: string): BotInput => ({ type: 'digits', digits, sensitive: false });

describeBotContract('of the hello example', create);

describe('the hello example', () => {
  it('greets and asks for one digit', async () => {
    expect(await ask(await create(), createCall(), INPUTS.start)).toEqual([
      { type: 'say', text: expect.stringContaining('Press 1') },
      { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 1 } } },
    ]);
  });

  it.each([
    ['1', 'end'],
    ['2', 'transfer'],
    ['3', 'say'],
  ])('answers %s with %s first', async (digits, type) => {
    const [first] = await ask(await create(), createCall(), keys(digits));
    expect(first?.type).toBe(type);
  });
});
