import { TELEPHONE_BYTES_PER_MS } from '../../audio/audio-format.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { BotFactory, BotInput } from '../bot-handler.ts';
import { parseBotOptions } from '../strict-object.ts';
import { createRewindable } from '../vendor/rewindable.ts';
import { createDialogflowAnswer } from './dialogflow-answer.ts';
import { dialogflowOptionsSchema } from './dialogflow-options.ts';
import { toFirstRequest } from './dialogflow-request.ts';
import { createDialogflowClient } from './dialogflow-sdk.ts';
import { type DialogflowStream, openDialogflowStream } from './dialogflow-stream.ts';

/** What the bot runs with. */
export interface DialogflowDeps {
  readonly clock: Clock;
  /** Where the SDK is looked for besides the folder of the configuration. */
  readonly sdkFolders: readonly string[];
}

/** Creates the bot `dialogflow-cx`; see {@link dialogflowCxBot}. */
export function createDialogflowCxBot({ clock, sdkFolders }: DialogflowDeps): BotFactory {
  return {
    name: 'dialogflow-cx',
    async create(rawOptions, { baseDir }) {
      const options = parseBotOptions(dialogflowOptionsSchema, rawOptions, 'dialogflow-cx');
      const client = await createDialogflowClient(options, [baseDir, ...sdkFolders]);
      const open = new Set<DialogflowStream>();
      return {
        name: 'dialogflow-cx',
        hears: 'streams',
        async *answer(call, input, { signal }) {
          const audio = toAudio(input);
          // Each stream goes on where the one before it stopped, with nothing lost between them.
          const source = audio && createRewindable(audio, 0);
          const answer = createDialogflowAnswer(options);
          const first = toFirstRequest(call, input, options);
          let isWhole = false;
          try {
            while (!isWhole) {
              const plan = {
                first,
                audio: source?.read(),
                maxAudioBytes: options.maxStreamSeconds * 1000 * TELEPHONE_BYTES_PER_MS,
                answerTimeoutMs: options.answerTimeoutSeconds * 1000,
              };
              const stream = openDialogflowStream(plan, { client, clock }, signal);
              open.add(stream);
              try {
                for (;;) {
                  const response = await stream.next();
                  if (response === 'rotate') break;
                  yield* answer.take(response);
                  isWhole = response.responseType !== 'PARTIAL';
                  if (isWhole) break;
                }
              } finally {
                open.delete(stream);
                if (isWhole) stream.end();
                else stream.abort();
              }
            }
          } finally {
            source?.close();
          }
        },
        async close() {
          for (const stream of open) stream.abort();
          await client.close();
        },
      };
    },
  };
}

/**
 * A bot of Dialogflow CX, on the vendor's SDK, which must be installed beside the gateway.
 *
 * Each input of the caller is a stream of its own (`StreamingDetectIntent`), from the first sound on; what lasts between
 * them is Dialogflow's session, which has a name made of organisation and conversation. Options: see
 * {@link dialogflowOptionsSchema}. Keeps no notes.
 */
export const dialogflowCxBot: BotFactory = createDialogflowCxBot({
  clock: systemClock,
  sdkFolders: [import.meta.dirname],
});

function toAudio(input: BotInput): AsyncIterable<Uint8Array> | undefined {
  if (input.type === 'speech-stream') return input.audio;
  return input.type === 'speech' ? once(input.audio) : undefined;
}

async function* once(audio: Uint8Array): AsyncGenerator<Uint8Array> {
  if (audio.length > 0) yield audio;
}
