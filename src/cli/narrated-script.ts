import type { BotFactory } from '../handlers/bot-handler.ts';
import { scriptBot } from '../handlers/script/script-bot.ts';

/** Options of {@link bot}; only code can give them, since one is a function. */
export interface NarratedScriptOptions {
  /** The script, as the script bot takes it. */
  readonly file: string;
  /** Called with each sentence before it is spoken: on the wire there is only its sound. */
  readonly onSay: (text: string) => void;
}

/** The script bot, which also tells what it says, so that a trace can show it. The demo loads it by its path. */
export const bot: BotFactory = {
  name: 'narrated-script',
  async create(options, deps) {
    // The demo is the only one to name this bot.
    const { file, onSay } = options as NarratedScriptOptions;
    const script = await scriptBot.create({ file }, deps);
    return {
      ...script,
      async *answer(call, input, turn) {
        for await (const output of script.answer(call, input, turn)) {
          if (output.type === 'say') onSay(output.text);
          yield output;
        }
      },
    };
  },
};
