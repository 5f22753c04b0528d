import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { silentLogger } from '../../../src/core/logger.ts';
import { scriptBot } from '../../../src/handlers/script/script-bot.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { INPUTS, ask, createCall } from '../../contracts/bot-handler.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const baseDir = fileURLToPath(new URL('../../../examples/recogniser', import.meta.url));

describe('the example with a recogniser', () => {
  it('has options that its recogniser takes', async () => {
    const config = parse(await readFile(`${baseDir}/byova.yaml`, 'utf8')) as {
      readonly agents: readonly { readonly recogniser: { use: string; options: object } }[];
    };
    const { use = '', options } = config.agents[0]?.recogniser ?? {};
    const recogniser = await BUILT_IN_RECOGNISERS.get(use)?.create(
      { ...options, apiKey: 'key' },
      { logger: silentLogger, clock: createFakeClock(), baseDir },
    );
    expect(recogniser?.name).toBe(use);
  });

  it('goes where the words of the caller lead', async () => {
    const bot = await scriptBot.create(
      { file: 'reception.yaml' },
      { logger: silentLogger, baseDir },
    );
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    const speech = { ...INPUTS.recognised, text: 'what are your opening hours' };
    const outputs = await ask(bot, call, speech);
    const said = outputs.map((output) => (output.type === 'say' ? output.text : '')).join(' ');
    expect(said).toContain('We are open Monday to Friday');
  });
});
