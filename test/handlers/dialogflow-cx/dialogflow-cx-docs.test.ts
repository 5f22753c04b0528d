import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { loadConfig } from '../../../src/config/load-config.ts';
import { dialogflowOptionsSchema } from '../../../src/handlers/dialogflow-cx/dialogflow-options.ts';
import { parseBotOptions } from '../../../src/handlers/strict-object.ts';
import { optionsOf, readOptionTable } from '../../support/option-table.ts';

it('the page of the bot dialogflow-cx lists its options and their defaults', async () => {
  expect(await readOptionTable('dialogflow-cx.md')).toEqual(optionsOf(dialogflowOptionsSchema));
});

it('the example of the bot dialogflow-cx is a configuration that it takes', async () => {
  const file = fileURLToPath(
    new URL('../../../examples/dialogflow-cx/byova.yaml', import.meta.url),
  );
  const { agents } = await loadConfig(file, {
    LEX_BOT_ID: 'ABCDEFGHIJ',
    LEX_BOT_ALIAS_ID: 'TSTALIASID',
    DIALOGFLOW_PROJECT: 'shop',
    DIALOGFLOW_AGENT: 'a1b2',
  });
  const [bot] = agents.map((agent) => agent.bot);
  expect(bot?.use).toBe('dialogflow-cx');
  expect(() =>
    parseBotOptions(dialogflowOptionsSchema, bot?.options, 'dialogflow-cx'),
  ).not.toThrow();
});
