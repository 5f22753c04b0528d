import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { TELEPHONE_FORMAT } from '../../../src/audio/audio-format.ts';
import { encodeWav } from '../../../src/audio/wav.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import type { BotHandler, BotInput, BotOutput } from '../../../src/handlers/bot-handler.ts';
import {
  createDialogflowCxBot,
  dialogflowCxBot,
} from '../../../src/handlers/dialogflow-cx/dialogflow-cx-bot.ts';
import { toStruct } from '../../../src/handlers/dialogflow-cx/struct.ts';
import { describeError } from '../../../src/telemetry/describe-error.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../../contracts/bot-handler.ts';
import {
  type DialogflowConversation,
  type DialogflowServer,
  type Message,
  startDialogflowServer,
} from '../../support/dialogflow-server.ts';

const CANARY = 'account 48291377';
const deps = { logger: silentLogger, baseDir: import.meta.dirname };
const BASE = { projectId: 'shop', location: 'eu', agentId: 'a1b2' };
const SOUND = new Uint8Array(320).fill(0x11);

let server: DialogflowServer;
const bots: BotHandler[] = [];
beforeEach(async () => {
  server = await startDialogflowServer();
});
afterEach(async () => {
  for (const bot of bots.splice(0)) await bot.close?.();
  await server.close();
});

const create = async (options: Readonly<Record<string, unknown>> = {}): Promise<BotHandler> => {
  const address = { endpoint: server.endpoint, plaintext: true };
  const bot = await dialogflowCxBot.create({ ...BASE, ...address, ...options }, deps);
  bots.push(bot);
  return bot;
};
const said = (...text: readonly string[]): Message => ({ text: { text } });
const hello = (conversation: DialogflowConversation): void =>
  conversation.finish({ responseMessages: [said('Hello.')] }, SOUND);
const utterance = (audio: AsyncIterable<Uint8Array>): BotInput => ({
  type: 'speech-stream',
  audio,
  sensitive: false,
});
const frame = (value: number): Uint8Array => new Uint8Array(160).fill(value);
async function* pieces(...audio: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of audio) yield piece;
}
async function* unfinished(...audio: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces(...audio);
  await new Promise(() => undefined);
}
const firstOf = (index = 0): Message => server.conversations[index]?.received[0] ?? {};

describeBotContract('dialogflow-cx', async () => {
  server.answer(hello);
  return create();
});

describe('the streams of the dialogflow-cx bot', () => {
  it('say what they are about, then carry the sound as it comes, and end with it', async () => {
    server.answer(async (conversation) => {
      await conversation.ended;
      hello(conversation);
    });
    const bot = await create({ speechModel: 'telephony', phraseHints: ['Webex'], voiceName: 'V' });
    const outputs = await ask(bot, createCall(), utterance(pieces(frame(1), frame(2))));
    expect(outputs).toEqual([{ type: 'audio', audio: Buffer.from(SOUND), text: 'Hello.' }]);
    expect(firstOf()).toMatchObject({
      session: expect.stringMatching(
        /^projects\/shop\/locations\/eu\/agents\/a1b2\/sessions\/[0-9a-f]{32}$/u,
      ),
      queryInput: {
        languageCode: 'en-US',
        audio: {
          config: {
            audioEncoding: 'AUDIO_ENCODING_MULAW',
            sampleRateHertz: 8000,
            singleUtterance: true,
            model: 'telephony',
            phraseHints: ['Webex'],
          },
        },
      },
      outputAudioConfig: {
        audioEncoding: 'OUTPUT_AUDIO_ENCODING_MULAW',
        sampleRateHertz: 8000,
        synthesizeSpeechConfig: { voice: { name: 'V' } },
      },
      enablePartialResponse: true,
    });
    expect(server.conversations[0]?.audio()).toEqual(
      Buffer.concat([Buffer.alloc(160, 1), Buffer.alloc(160, 2)]),
    );
  });

  it('stop listening when the service has heard the end of the utterance', async () => {
    server.answer(async (conversation) => {
      await conversation.untilReceived(2);
      conversation.send({ recognitionResult: { messageType: 'TRANSCRIPT', transcript: CANARY } });
      conversation.send({ recognitionResult: { messageType: 'END_OF_SINGLE_UTTERANCE' } });
      await conversation.ended;
      hello(conversation);
    });
    expect(await ask(await create(), createCall(), utterance(unfinished(frame(1))))).toHaveLength(
      1,
    );
  });

  it('are followed by another when one is full and nothing was understood, and no sound is lost', async () => {
    server.answer(async (conversation) => {
      if (server.conversations.length < 3) return;
      await conversation.ended;
      hello(conversation);
    });
    async function* sound(): AsyncGenerator<Uint8Array> {
      for (const stream of [0, 1, 2]) {
        yield frame(stream);
        await vi.waitFor(() => expect(server.conversations[stream]?.received).toHaveLength(2));
        if (stream < 2) yield new Uint8Array(8000 - 160).fill(stream);
      }
    }
    const bot = await create({ maxStreamSeconds: 1 });
    expect(await ask(bot, createCall(), utterance(sound()))).toHaveLength(1);
    expect(server.conversations).toHaveLength(3);
    await server.conversations[0]?.cancelled;
    expect(firstOf(2)).toEqual(firstOf(0));
    expect(server.conversations[2]?.audio()).toEqual(Buffer.alloc(160, 2));
  });

  it('are answered when one is full and something was understood', async () => {
    server.answer(async (conversation) => {
      const queryResult = { responseMessages: [said('Mm-hm.')] };
      conversation.send({ recognitionResult: { messageType: 'TRANSCRIPT', transcript: CANARY } });
      conversation.send({ detectIntentResponse: { responseType: 'PARTIAL', queryResult } });
      await conversation.ended;
      conversation.finish({ responseMessages: [said('Hello.')] });
    });
    let speakOn = (): void => undefined;
    const heard = new Promise<void>((resolve) => {
      speakOn = resolve;
    });
    async function* sound(): AsyncGenerator<Uint8Array> {
      yield frame(1);
      await heard;
      yield* unfinished(new Uint8Array(8000));
    }
    const bot = await create({ maxStreamSeconds: 1, voice: 'gateway' });
    const outputs: BotOutput[] = [];
    for await (const output of bot.answer(createCall(), utterance(sound()), createTurn())) {
      outputs.push(output);
      speakOn();
    }
    expect(outputs).toMatchObject([{ text: 'Mm-hm.' }, { text: 'Hello.' }]);
    expect(server.conversations).toHaveLength(1);
  });

  it.each<[string, BotInput, Readonly<Record<string, unknown>>, Message]>([
    ['the call begins', INPUTS.start, {}, { event: { event: 'WELCOME' } }],
    ['the call begins with words', INPUTS.start, { welcomeText: 'hi' }, { text: { text: 'hi' } }],
    ['digits', INPUTS.unknownDigits, {}, { dtmf: { digits: '*9*9' } }],
    ['silence', INPUTS.noInput, {}, { event: { event: 'sys.no-input-default' } }],
    ['an event of the flow', INPUTS.event, {}, { event: { event: 'hint' } }],
  ])('tell what happened: %s', async (_, input, options, query) => {
    server.answer(hello);
    await ask(await create(options), createCall(), input);
    expect(firstOf()['queryInput']).toMatchObject(query);
    await server.conversations[0]?.ended;
  });

  it('bring the parameters of the call when it begins, and of an event with it', async () => {
    server.answer(hello);
    const parameters = { customer: 'known', age: 7, list: [true, null], nested: { a: 'b' } };
    const bot = await create();
    await ask(bot, createCall({ parameters }), INPUTS.start);
    await ask(bot, createCall({ parameters }), INPUTS.noInput);
    await ask(bot, createCall({ parameters }), INPUTS.event);
    expect(firstOf(0)['queryParams']).toMatchObject({
      parameters: {
        fields: {
          customer: { stringValue: 'known' },
          age: { numberValue: 7 },
          list: { listValue: { values: [{ boolValue: true }, { nullValue: 'NULL_VALUE' }] } },
          nested: { structValue: { fields: { a: { stringValue: 'b' } } } },
        },
      },
    });
    expect(firstOf(1)['queryParams'] ?? null).toBeNull();
    expect(firstOf(2)['queryParams']).toMatchObject({
      parameters: { fields: { some: { listValue: {} } } },
    });
  });

  it('go to the environment and speak the language of the call', async () => {
    server.answer(hello);
    const bot = await create({ environment: 'live', languages: { 'de-CH': 'de' } });
    await ask(bot, createCall({ language: 'de-CH' }), INPUTS.noInput);
    expect(firstOf()['session']).toContain('/agents/a1b2/environments/live/sessions/');
    expect(firstOf()['queryInput']).toMatchObject({ languageCode: 'de' });
  });

  it('are cancelled within 100 ms when nobody waits any more', async () => {
    const controller = new AbortController();
    const bot = await create();
    const answering = ask(
      bot,
      createCall(),
      utterance(unfinished(frame(1))),
      createTurn(controller.signal),
    );
    await vi.waitFor(() => expect(server.conversations[0]?.received).toHaveLength(2));
    const abortedAt = performance.now();
    controller.abort();
    await expect(answering).rejects.toMatchObject({ name: 'AbortError' });
    await server.conversations[0]?.cancelled;
    expect(performance.now() - abortedAt).toBeLessThan(100);
  });

  it('are cancelled when the bot closes', async () => {
    const bot = await create();
    const refused = expect(ask(bot, createCall(), INPUTS.digits)).rejects.toMatchObject({
      name: 'AbortError',
    });
    await vi.waitFor(() => expect(server.conversations).toHaveLength(1));
    await bot.close?.();
    await refused;
    await server.conversations[0]?.cancelled;
  });
});

describe('the answers of the dialogflow-cx bot', () => {
  const answer = async (
    responseMessages: readonly Message[],
    options: Readonly<Record<string, unknown>> = { voice: 'gateway' },
    outputAudio?: Uint8Array,
  ): Promise<readonly BotOutput[]> => {
    server.answer((conversation) => conversation.finish({ responseMessages }, outputAudio));
    return ask(await create(options), createCall(), INPUTS.digits);
  };

  it.each<[string, readonly Message[], readonly BotOutput[]]>([
    ['text', [said('One.', 'Two.'), said('Three.')], [{ type: 'say', text: 'One. Two. Three.' }]],
    [
      'text made for speech, in place of the other',
      [said('Shown.'), { outputAudioText: { ssml: '<speak>Said <break/> so</speak>' } }],
      [{ type: 'say', text: 'Said so' }],
    ],
    [
      'a handoff, whatever else ends',
      [
        said('A moment.'),
        { endInteraction: {} },
        { liveAgentHandoff: { metadata: toStruct({ queue: 'sales' }) } },
      ],
      [
        { type: 'transfer', name: '', metadata: { queue: 'sales' } },
        { type: 'say', text: 'A moment.' },
      ],
    ],
    [
      'a telephone transfer',
      [{ telephonyTransferCall: { phoneNumber: '+15550100' } }],
      [{ type: 'transfer', name: '', metadata: { phoneNumber: '+15550100' } }],
    ],
    [
      'the end',
      [said('Bye.'), { endInteraction: {} }],
      [
        { type: 'end', name: '', metadata: {} },
        { type: 'say', text: 'Bye.' },
      ],
    ],
    [
      'a payload for the gateway, and another that is not',
      [
        { payload: toStruct({ byova: { event: 'vip', metadata: { level: 2 } } }) },
        { payload: toStruct({ telephony: { x: 1 } }) },
      ],
      [{ type: 'custom-event', name: 'vip', metadata: { level: 2 } }],
    ],
    [
      'recordings by URI, which are not fetched',
      [{ playAudio: { audioUri: 'https://example.com/a.wav' } }],
      [],
    ],
  ])('become what the gateway does: %s', async (_, messages, outputs) => {
    expect(await answer(messages)).toEqual(outputs);
  });

  it('play what the service speaks, without the header of a WAV file', async () => {
    const wav = encodeWav(SOUND, TELEPHONE_FORMAT);
    const segments = [{ audio: Buffer.from([1, 2]) }, { uri: 'https://example.com/a.wav' }];
    const outputs = await answer([said('Hi.'), { mixedAudio: { segments } }], {}, wav);
    expect(outputs).toMatchObject([
      { type: 'audio', format: TELEPHONE_FORMAT, text: 'Hi.' },
      { type: 'audio', audio: Buffer.from([1, 2]) },
    ]);
    expect(outputs[0]).toHaveProperty('audio', Buffer.from(SOUND));
  });

  it('can be spoken over as Dialogflow says, when that is wanted', async () => {
    const options = { voice: 'gateway', bargeIn: 'dialogflow' };
    const free = { text: { text: ['Free.'], allowPlaybackInterruption: true } };
    expect(await answer([free], options)).toEqual([{ type: 'say', text: 'Free.', bargeIn: true }]);
    expect(await answer([free, said('Bound.')], options)).toEqual([
      { type: 'say', text: 'Free. Bound.', bargeIn: false },
    ]);
  });

  it('come in parts while the rest is still made', async () => {
    let finish = (): void => undefined;
    server.answer((conversation) => {
      const queryResult = { responseMessages: [said('One moment.')] };
      conversation.send({ detectIntentResponse: { responseType: 'PARTIAL', queryResult } });
      finish = () => conversation.finish({ responseMessages: [said('Done.')] });
    });
    const bot = await create({ voice: 'gateway' });
    const outputs: BotOutput[] = [];
    for await (const output of bot.answer(createCall(), INPUTS.digits, createTurn())) {
      outputs.push(output);
      finish();
    }
    expect(outputs).toMatchObject([{ text: 'One moment.' }, { text: 'Done.' }]);
  });
});

describe('when Dialogflow fails, the dialogflow-cx bot', () => {
  it('tells the status and nothing of the words', async () => {
    server.answer((conversation) => conversation.fail(status.PERMISSION_DENIED, CANARY));
    const error: unknown = await ask(await create(), createCall(), INPUTS.digits).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { vendorCode: 'PERMISSION_DENIED' },
    });
    expect(JSON.stringify(describeError(error))).not.toContain(CANARY);
  });

  it('fails where nobody listens', async () => {
    const bot = await create();
    await server.close();
    await expect(ask(bot, createCall(), INPUTS.digits)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { vendorCode: 'UNAVAILABLE' },
    });
  });

  it('gives up on an answer that does not come', async () => {
    const bot = await create({ answerTimeoutSeconds: 0.5 });
    await expect(ask(bot, createCall(), INPUTS.digits)).rejects.toMatchObject({
      code: 'ERR_HANDLER_TIMEOUT',
    });
    await server.conversations[0]?.cancelled;
  });

  it('says which package is missing, and how to install it', async () => {
    const bot = createDialogflowCxBot({ clock: systemClock, sdkFolders: [] });
    await expect(bot.create(BASE, { logger: silentLogger, baseDir: '/' })).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringContaining('npm install @google-cloud/dialogflow-cx'),
    });
  });

  it.each([undefined, 'dialogflow.example.com:443'])(
    'refuses to speak without TLS to anybody but this machine: %s',
    async (endpoint) => {
      await expect(create({ endpoint, plaintext: true })).rejects.toMatchObject({
        code: 'ERR_HANDLER_LOAD',
      });
    },
  );
});
