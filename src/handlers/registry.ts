import type { BotFactory } from './bot-handler.ts';
import { echoBot } from './echo.ts';
import { httpBot } from './http/http-bot.ts';
import { playbackBot } from './playback.ts';
import { scriptBot } from './script/script-bot.ts';

/** The bots that come with the gateway, by the name that `bot.use` calls them. */
export const BUILT_IN_BOTS: ReadonlyMap<string, BotFactory> = new Map(
  [echoBot, scriptBot, playbackBot, httpBot].map((bot) => [bot.name, bot]),
);
