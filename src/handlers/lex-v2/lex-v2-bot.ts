import { type Clock, systemClock } from '../../core/clock.ts';
import type { JsonValue } from '../../core/json.ts';
import type { BotCall, BotFactory, BotInput } from '../bot-handler.ts';
import { parseBotOptions } from '../strict-object.ts';
import { pickParameters, toSessionId, translateLanguage } from '../vendor/call-parameters.ts';
import { createLexAnswer } from './lex-answer.ts';
import { toLexInput } from './lex-input.ts';
import { type LexOptions, lexOptionsSchema } from './lex-options.ts';
import { type LexConfiguration, type LexSessionState, createLexClient } from './lex-sdk.ts';
import { type LexStream, openLexStream } from './lex-stream.ts';

/** Where the bot's only note stands in `call.state`: whether Lex knows the session attributes. */
const STATE_KEY = 'lexSession';
/** What may be the whole answer is taken for it when nothing follows for this long. */
const SETTLE_MS = 1000;

/** What the bot runs with. */
export interface LexDeps {
  readonly clock: Clock;
  /** Where the SDK is looked for besides the folder of the configuration. */
  readonly sdkFolders: readonly string[];
}

/** Creates the bot `lex-v2`; see {@link lexV2Bot}. */
export function createLexV2Bot({ clock, sdkFolders }: LexDeps): BotFactory {
  return {
    name: 'lex-v2',
    async create(rawOptions, { baseDir }) {
      const options = parseBotOptions(lexOptionsSchema, rawOptions, 'lex-v2');
      const client = await createLexClient(options, [baseDir, ...sdkFolders]);
      const open = new Set<LexStream>();
      return {
        name: 'lex-v2',
        hears: 'streams',
        async *answer(call, input, { signal }) {
          if (input.type === 'no-input' && options.noInput === 'give-up') {
            yield { type: 'give-up', reason: 'no-input' };
            return;
          }
          const events = isSilentStart(input, options)
            ? undefined
            : toLexInput(input, options.dtmfEndKey);
          if (events === undefined) return;
          const plan = {
            target: toTarget(call, options),
            configuration: toConfiguration(call, input, options),
            input: events,
            answerTimeoutMs: options.answerTimeoutSeconds * 1000,
          };
          const stream = openLexStream(plan, { client, clock }, signal);
          open.add(stream);
          const answer = createLexAnswer(options);
          let isWhole = false;
          try {
            while (answer.progress() !== 'complete') {
              const event = await stream.next(
                answer.progress() === 'something' ? SETTLE_MS : undefined,
              );
              if (event === undefined) break;
              call.state[STATE_KEY] = true;
              yield* answer.take(event);
              if (isEndOfSpeech(event)) stream.cue();
            }
            isWhole = true;
            yield* answer.flush();
          } finally {
            open.delete(stream);
            if (isWhole) stream.end();
            else stream.abort();
          }
        },
        close() {
          for (const stream of open) stream.abort();
          client.close();
          return Promise.resolve();
        },
      };
    },
  };
}

/**
 * A bot of Amazon Lex V2, on the vendor's SDK, which must be installed beside the gateway.
 *
 * Each input of the caller is a stream of its own (`StartConversation`), from the first sound on; what lasts between them
 * is Lex's session, which has a name made of organisation and conversation. Options: see {@link lexOptionsSchema}.
 */
export const lexV2Bot: BotFactory = createLexV2Bot({
  clock: systemClock,
  sdkFolders: [import.meta.dirname],
});

function isSilentStart({ type }: BotInput, { welcomeIntent, welcomeText }: LexOptions): boolean {
  return type === 'start' && welcomeIntent === undefined && welcomeText === undefined;
}

function isEndOfSpeech({
  AudioResponseEvent: audio,
}: {
  readonly AudioResponseEvent?: { readonly audioChunk?: Uint8Array | undefined };
}): boolean {
  return audio !== undefined && (audio.audioChunk?.length ?? 0) === 0;
}

function toTarget(call: BotCall, { botId, botAliasId, localeId, locales }: LexOptions) {
  return {
    botId,
    botAliasId,
    localeId: translateLanguage(call.language, locales) ?? localeId,
    sessionId: toSessionId(call),
    conversationMode: 'AUDIO',
  } as const;
}

function toConfiguration(call: BotCall, input: BotInput, options: LexOptions): LexConfiguration {
  const { welcomeIntent, welcomeText } = options;
  const isStart = input.type === 'start';
  const sessionState: LexSessionState = {
    // Later they belong to the bot: sending them again would undo what its functions have changed.
    ...(call.state[STATE_KEY] !== true && { sessionAttributes: toAttributes(call, options) }),
    ...(isStart &&
      welcomeIntent !== undefined && {
        dialogAction: { type: 'Delegate' },
        intent: { name: welcomeIntent },
      }),
    ...(isStart && welcomeText !== undefined && { dialogAction: { type: 'ElicitIntent' } }),
  };
  return {
    responseContentType: options.voice === 'lex' ? 'audio/pcm' : 'text/plain; charset=utf-8',
    disablePlayback: false,
    ...(Object.keys(sessionState).length > 0 && { sessionState }),
    ...(isStart &&
      welcomeText !== undefined && {
        welcomeMessages: [{ content: welcomeText, contentType: 'PlainText' }],
      }),
  };
}

function toAttributes(
  { parameters }: BotCall,
  options: LexOptions,
): Readonly<Record<string, string>> {
  const attributes = Object.entries(pickParameters(parameters, options.parameters)).map(
    ([name, value]) => [name, toText(value)] as const,
  );
  return { ...Object.fromEntries(attributes), ...options.sessionAttributes };
}

function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
