import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import type { BotHandler } from './bot-handler.ts';

/** Closes every bot; one that fails is logged as `bot.failed`, and keeps neither the others nor the process from stopping. */
export async function closeBots(
  bots: readonly Pick<BotHandler, 'name' | 'close'>[],
  logger: Logger,
): Promise<void> {
  const closeBot = async (bot: Pick<BotHandler, 'name' | 'close'>): Promise<void> => {
    try {
      await bot.close?.();
    } catch (error) {
      logEvent(logger, 'bot.failed', { bot: bot.name, ...describeError(error) });
    }
  };
  await Promise.all(bots.map(closeBot));
}
