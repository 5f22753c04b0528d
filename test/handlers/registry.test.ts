import { expect, it } from 'vitest';

import { BUILT_IN_BOTS } from '../../src/handlers/registry.ts';

it('the gateway comes with its bots, under their own names', () => {
  expect([...BUILT_IN_BOTS.keys()]).toEqual([
    'echo',
    'script',
    'playback',
    'http',
    'relay-grpc',
    'lex-v2',
    'dialogflow-cx',
    'realtime',
  ]);
  for (const [name, bot] of BUILT_IN_BOTS) expect(bot.name).toBe(name);
});
