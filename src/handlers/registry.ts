import type { BotFactory } from './bot-handler.ts';
import { dialogflowCxBot } from './dialogflow-cx/dialogflow-cx-bot.ts';
import { echoBot } from './echo.ts';
import { httpBot } from './http/http-bot.ts';
import { lexV2Bot } from './lex-v2/lex-v2-bot.ts';
import { playbackBot } from './playback.ts';
import { realtimeBot } from './realtime/realtime-bot.ts';
import { relayBot } from './relay/relay-bot.ts';
import { scriptBot } from './script/script-bot.ts';

/** The bots that come with the gateway, by the name that `bot.use` calls them. */
export const BUILT_IN_BOTS: ReadonlyMap<string, BotFactory> = new Map(
  [echoBot, scriptBot, playbackBot, httpBot, relayBot, lexV2Bot, dialogflowCxBot, realtimeBot].map(
    (bot) => [bot.name, bot],
  ),
);
