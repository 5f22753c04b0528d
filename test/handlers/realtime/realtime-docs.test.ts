import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadConfig } from '../../../src/config/load-config.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import type { BotHandler } from '../../../src/handlers/bot-handler.ts';
import { realtimeBot } from '../../../src/handlers/realtime/realtime-bot.ts';
import { realtimeOptionsSchema } from '../../../src/handlers/realtime/realtime-options.ts';
import { INPUTS, ask, createCall } from '../../contracts/bot-handler.ts';
import { optionsOf, readOptionTable } from '../../support/option-table.ts';
import { soundOf, textOf } from './realtime-rig.ts';

const example = (file: string): string =>
  fileURLToPath(new URL(`../../../examples/realtime/${file}`, import.meta.url));

it('the page of the bot realtime lists its options and their defaults', async () => {
  expect(await readOptionTable('realtime.md')).toEqual(optionsOf(realtimeOptionsSchema));
});

describe('the realtime example', () => {
  let model: ChildProcess;
  let bot: BotHandler;
  beforeAll(async () => {
    const env = { ...process.env, PORT: '0' };
    model = spawn(process.execPath, [example('model.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let url = '';
    for await (const line of model.stdout ?? []) {
      url = /ws:\S+/u.exec(String(line))?.[0] ?? '';
      break;
    }
    const { agents } = await loadConfig(example('byova.yaml'), {
      OPENAI_API_KEY: 'none',
      REALTIME_URL: url,
    });
    expect(agents[0]?.bot.use).toBe('realtime');
    bot = await realtimeBot.create(agents[0]?.bot.options, { logger: silentLogger, baseDir: '.' });
  });
  afterAll(async () => {
    await bot.close?.();
    const exited = once(model, 'exit');
    model.kill();
    await exited;
  });

  it('greets, and says back what it hears', async () => {
    const call = createCall();
    expect(await ask(bot, call, INPUTS.start)).toEqual([
      { type: 'say', text: 'Welcome to the flower shop. How can I help you?' },
    ]);
    const outputs = await ask(bot, call, INPUTS.speech);
    expect(textOf(outputs)).toBe('What you said.');
    expect(soundOf(outputs)).toEqual(Buffer.from(INPUTS.speech.audio));
  });
});
