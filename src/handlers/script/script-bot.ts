import { resolve } from 'node:path';

import { z } from 'zod';

import type { BotFactory } from '../bot-handler.ts';
import { parseBotOptions, strictObject } from '../strict-object.ts';
import { loadScript } from './load-script.ts';
import { type ScriptPosition, runScript } from './run-script.ts';

const optionsSchema = strictObject({
  /** The script, a YAML file; relative to the folder of the configuration. */
  file: z.string().min(1),
});

/**
 * A bot that needs no programming: a menu in a YAML file, explained line by line in `examples/front-desk`.
 *
 * Option: `file`. Where a call stands is kept in `call.state` as `node` and `attempts`, and nothing of what the caller
 * entered or said.
 */
export const scriptBot: BotFactory = {
  name: 'script',
  async create(options, { baseDir }) {
    const { file } = parseBotOptions(optionsSchema, options, 'script');
    const script = await loadScript(resolve(baseDir, file));
    return {
      name: 'script',
      async *answer({ state }, input, { signal }) {
        const { outputs, position } = runScript(script, readPosition(state), input);
        // Before anything is said: a caller who interrupts answers the question that was about to be put.
        Object.assign(state, position);
        for (const output of outputs) {
          if (signal.aborted) return;
          yield output;
        }
      },
    };
  },
};

function readPosition(state: Readonly<Record<string, unknown>>): ScriptPosition | undefined {
  const { node, attempts } = state;
  return typeof node === 'string' && typeof attempts === 'number' ? { node, attempts } : undefined;
}
