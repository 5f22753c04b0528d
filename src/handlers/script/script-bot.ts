import { resolve } from 'node:path';

import { z } from 'zod';

import { logEvent } from '../../telemetry/log-events.ts';
import type { BotFactory } from '../bot-handler.ts';
import { ReadyAnswer } from '../ready-answer.ts';
import { parseBotOptions, strictObject } from '../strict-object.ts';
import { loadScript } from './load-script.ts';
import { runScript } from './run-script.ts';
import { readState, writeState } from './script-state.ts';

const optionsSchema = strictObject({
  /** The script, a YAML file; relative to the folder of the configuration. */
  file: z.string().min(1),
});

/**
 * A bot that needs no programming: a dialogue in a YAML file, explained in `docs/bots/script.md`.
 *
 * Option: `file`. Where a call stands and its variables are kept in `call.state`, bounded, and of what the caller entered
 * or said only what the script asks to keep.
 */
export const scriptBot: BotFactory = {
  name: 'script',
  async create(options, { baseDir, logger }) {
    const { file } = parseBotOptions(optionsSchema, options, 'script');
    const script = await loadScript(resolve(baseDir, file));
    if (script.unreachable.length > 0)
      logEvent(logger, 'bot.script.unreachable', { file, nodes: script.unreachable.join(', ') });
    return {
      name: 'script',
      answer(call, input) {
        const state = input.type === 'start' ? undefined : readState(call.state);
        const step = runScript(script, { call, state, input });
        // Before anything is said: a caller who interrupts answers the question that was about to be put.
        writeState(call.state, step.state);
        return new ReadyAnswer(step.outputs);
      },
    };
  },
};
