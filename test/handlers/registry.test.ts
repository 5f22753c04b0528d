import { expect, it } from 'vitest';

import { BUILT_IN_BOTS } from '../../src/handlers/registry.ts';

it('the gateway comes with the bots echo, script, playback and http, under their own names', () => {
  expect([...BUILT_IN_BOTS.keys()]).toEqual(['echo', 'script', 'playback', 'http']);
  for (const [name, bot] of BUILT_IN_BOTS) expect(bot.name).toBe(name);
});
