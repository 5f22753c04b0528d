import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { loadConfig } from '../../../src/config/load-config.ts';
import { lexOptionsSchema } from '../../../src/handlers/lex-v2/lex-options.ts';
import { parseBotOptions } from '../../../src/handlers/strict-object.ts';
import { optionsOf, readOptionTable } from '../../support/option-table.ts';

it('the page of the bot lex-v2 lists its options and their defaults', async () => {
  expect(await readOptionTable('lex-v2.md')).toEqual(optionsOf(lexOptionsSchema));
});

it('the example of the bot lex-v2 is a configuration that it takes', async () => {
  const file = fileURLToPath(new URL('../../../examples/lex-v2/byova.yaml', import.meta.url));
  const { agents } = await loadConfig(file, {
    LEX_BOT_ID: 'ABCDEFGHIJ',
    LEX_BOT_ALIAS_ID: 'TSTALIASID',
    DIALOGFLOW_PROJECT: 'shop',
    DIALOGFLOW_AGENT: 'a1b2',
  });
  const [bot] = agents.map((agent) => agent.bot);
  expect(bot?.use).toBe('lex-v2');
  expect(() => parseBotOptions(lexOptionsSchema, bot?.options, 'lex-v2')).not.toThrow();
});
