import { GatewayError, isGatewayError } from '../core/gateway-error.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { BotDeps, BotFactory, BotHandler } from './bot-handler.ts';

/**
 * Makes a bot from its options.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when the options are wrong, in the bot's own words, or when the bot fails. Then
 * the words are left out: a foreign error may quote the options, which hold secrets. `detail` has its frames.
 */
export async function createBot(
  factory: BotFactory,
  options: unknown,
  deps: BotDeps,
): Promise<BotHandler> {
  try {
    return await factory.create(options, deps);
  } catch (error) {
    if (isGatewayError(error)) throw error;
    const { error: kind, ...detail } = describeError(error);
    const problem =
      error instanceof TypeError ? error.message : `failed to start (${String(kind)})`;
    throw new GatewayError('ERR_HANDLER_LOAD', `bot "${factory.name}": ${problem}`, { detail });
  }
}
