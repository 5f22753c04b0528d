import { afterEach, beforeEach } from 'vitest';

import { type Clock, systemClock } from '../../../src/core/clock.ts';
import type { BotHandler, BotInput, BotOutput } from '../../../src/handlers/bot-handler.ts';
import { createRealtimeBot } from '../../../src/handlers/realtime/realtime-bot.ts';
import { createLogRecorder } from '../../support/log-recorder.ts';
import { type RealtimeServer, startRealtimeServer } from '../../support/realtime-server.ts';

type Options = Readonly<Record<string, unknown>>;

/** A server for each test of the file, and bots that are closed after it. @param onStart Gets each server. */
export function useRealtimeServer(onStart: (server: RealtimeServer) => void) {
  const log = createLogRecorder();
  let server: RealtimeServer;
  let bots: BotHandler[] = [];
  const start = async (dialect: 'ga' | 'beta'): Promise<void> => {
    server = await startRealtimeServer(dialect);
    onStart(server);
  };
  beforeEach(async () => start('ga'));
  afterEach(async () => {
    for (const bot of bots) await bot.close?.();
    bots = [];
    await server.close();
  });
  return {
    log,
    /** Replaces the server by one of the other dialect. */
    async speakBeta(): Promise<void> {
      await server.close();
      await start('beta');
    },
    /** Creates a bot for the server; `options` on top of the least there can be. */
    async create(options: Options = {}, clock: Clock = systemClock): Promise<BotHandler> {
      const bot = await createRealtimeBot({ clock }).create(
        {
          url: server.url,
          apiKey: 'a key of the tests',
          instructions: 'Be brief.',
          ...options,
        },
        { logger: log.logger, baseDir: '.' },
      );
      bots.push(bot);
      return bot;
    },
    /** The texts that the model was told, with who said them. */
    told: (): readonly string[] =>
      server.of('conversation.item.create').map(({ item }) => {
        const { role, content = [] } = item as { role?: string; content?: { text: string }[] };
        return `${role}: ${content[0]?.text}`;
      }),
  };
}

/** Speech of `ms`, in frames of 20 ms. */
export function speech(ms: number): BotInput {
  async function* frames(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < ms; at += 20) yield new Uint8Array(160).fill(at % 256);
  }
  return { type: 'speech-stream', audio: frames(), sensitive: false };
}

/** All that was said, in the order said. */
export const textOf = (outputs: readonly BotOutput[]): string =>
  outputs.map((output) => ('text' in output ? output.text : '')).join('');

/** All sound that was given, joined. */
export const soundOf = (outputs: readonly BotOutput[]): Buffer =>
  Buffer.concat(outputs.flatMap((output) => (output.type === 'audio' ? [output.audio] : [])));

/** What a promise was rejected with. */
export const failure = async (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The next turn of a call whose answer before was cut short. */
export const interruptedAt = (heardMs: number, heardText = '') => ({
  signal: new AbortController().signal,
  interrupted: { heardMs, heardText },
});
