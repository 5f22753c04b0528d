import { fileURLToPath } from 'node:url';

import { systemClock } from '../../../src/core/clock.ts';
import type { BotHandler, BotInput, BotOutput } from '../../../src/handlers/bot-handler.ts';
import {
  type IsolatedBotOptions,
  createIsolatedBot,
} from '../../../src/handlers/isolated/isolated-bot.ts';
import { createLogRecorder } from '../../support/log-recorder.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * Starts isolated bots on the machine's clock, the wild bot beside this file by default.
 *
 * @param create That of the source, or of what was built from it.
 */
export function createIsolatedRig(create = createIsolatedBot) {
  const bots: BotHandler[] = [];
  const log = createLogRecorder();
  return {
    log,
    /** Lines of the gateway's logger with this event. */
    lines: (event: string) => log.lines.filter(({ fields }) => fields['event'] === event),
    async start(options: Partial<IsolatedBotOptions> = {}): Promise<BotHandler> {
      const bot = await create(
        { use: './wild-bot.mjs', options: {}, baseDir: HERE, restartAfterMs: 1, ...options },
        { clock: systemClock, logger: log.logger },
      );
      bots.push(bot);
      return bot;
    },
    async close() {
      await Promise.allSettled(bots.splice(0).map(async (bot) => bot.close?.()));
    },
  };
}

/** An event that tells the wild bot what to do. */
export function event(name: string, parameters = {}): BotInput {
  return { type: 'custom-event', name, parameters };
}

/** What the wild bot says. */
export function textsOf(outputs: readonly BotOutput[]): readonly string[] {
  return outputs.flatMap((output) => (output.type === 'say' ? [output.text] : []));
}
