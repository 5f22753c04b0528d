import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { MULAW_SILENCE } from '../../../src/audio/audio-format.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import type { BotHandler, BotInput, BotOutput } from '../../../src/handlers/bot-handler.ts';
import { createLexV2Bot, lexV2Bot } from '../../../src/handlers/lex-v2/lex-v2-bot.ts';
import { describeError } from '../../../src/telemetry/describe-error.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../../contracts/bot-handler.ts';
import { type LexConversation, type LexServer, startLexServer } from '../../support/lex-server.ts';

const CANARY = 'account 48291377';
const deps = { logger: silentLogger, baseDir: import.meta.dirname };
const BASE = { botId: 'ABCDEFGHIJ', botAliasId: 'TSTALIASID', region: 'eu-central-1' };

let server: LexServer;
beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not a secret');
});
afterAll(() => void vi.unstubAllEnvs());
beforeEach(async () => {
  server = await startLexServer();
});
afterEach(async () => server.close());

const create = async (options: Readonly<Record<string, unknown>> = {}): Promise<BotHandler> =>
  lexV2Bot.create({ ...BASE, endpoint: server.endpoint, ...options }, deps);
const open = {
  dialogAction: { type: 'ElicitIntent' },
  intent: { name: 'Other', state: 'InProgress' },
};
const text = (content: string, contentType = 'PlainText') => ({
  messages: [{ content, contentType }],
});
const reply = (conversation: LexConversation, content = 'Hello.'): void => {
  conversation.send('HeartbeatEvent', { eventId: 'R-0' });
  conversation.send('TranscriptEvent', { transcript: CANARY });
  conversation.send('IntentResultEvent', { sessionState: open });
  conversation.send('TextResponseEvent', text(content));
  conversation.speak(new Uint8Array(250).fill(1));
};
/** Speech as the gateway streams it, until the test ends it. */
const utterance = (audio: AsyncIterable<Uint8Array>): BotInput => ({
  type: 'speech-stream',
  audio,
  sensitive: false,
});
async function* pieces(...audio: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of audio) yield piece;
}
const frame = (value: number): Uint8Array => new Uint8Array(160).fill(value);

describeBotContract('lex-v2', async () => {
  server.answer((conversation) => reply(conversation));
  return create({ welcomeText: 'Welcome.' });
});

describe('the streams of the lex-v2 bot', () => {
  it('begin with a configuration, carry the words in chunks of 20 ms, then silence, and end in order', async () => {
    server.answer(async (conversation) => {
      await conversation.until('AudioInputEvent');
      reply(conversation);
    });
    const call = createCall({ parameters: { customer: 'known', age: 7 } });
    const bot = await create({ sessionAttributes: { channel: 'voice' } });
    const outputs = await ask(
      bot,
      call,
      utterance(pieces(frame(0x00), new Uint8Array(200).fill(0x80))),
    );
    expect(outputs).toEqual([
      {
        type: 'audio',
        audio: Buffer.alloc(250, 1),
        format: { encoding: 'linear16', sampleRateHz: 16_000 },
        text: 'Hello.',
      },
    ]);
    const [conversation] = server.conversations;
    expect(conversation?.path).toMatch(
      /^\/bots\/ABCDEFGHIJ\/botAliases\/TSTALIASID\/botLocales\/en_US\/sessions\/[0-9a-f]{32}\/conversation$/u,
    );
    expect(conversation?.headers['x-amz-lex-conversation-mode']).toBe('AUDIO');
    await conversation?.ended;
    const received = conversation?.received ?? [];
    expect(received[0]).toEqual({
      type: 'ConfigurationEvent',
      body: {
        responseContentType: 'audio/pcm',
        disablePlayback: false,
        sessionState: { sessionAttributes: { customer: 'known', age: '7', channel: 'voice' } },
      },
    });
    expect(received[1]?.type).toBe('PlaybackCompletionEvent');
    const audio = received.filter(({ type }) => type === 'AudioInputEvent').map(({ body }) => body);
    expect(audio[0]).toMatchObject({
      contentType:
        'audio/lpcm; sample-rate=8000; sample-size-bits=16; channel-count=1; is-big-endian=false',
    });
    const chunks = audio.map(({ audioChunk }) => Buffer.from(String(audioChunk), 'base64'));
    expect(chunks.slice(0, 3).map(({ length }) => length)).toEqual([320, 320, 80]);
    expect(chunks[0]?.readInt16LE(0)).toBe(-32_124);
    expect(chunks[1]?.readInt16LE(0)).toBe(32_124);
    expect(chunks[3]).toEqual(Buffer.alloc(320));
    expect(received.at(-1)?.type).toBe('DisconnectionEvent');
  });

  it('tell the session attributes once, so that what Lex made of them stays', async () => {
    server.answer((conversation) => reply(conversation));
    const bot = await create({ welcomeIntent: 'Greeting' });
    const call = createCall({ parameters: { customer: 'known', secret: 'x' } });
    await ask(bot, call, INPUTS.start);
    await ask(bot, call, INPUTS.digits);
    const configurations = server.conversations.map(({ received }) => received[0]?.body);
    expect(configurations[0]).toMatchObject({
      sessionState: {
        sessionAttributes: { customer: 'known' },
        dialogAction: { type: 'Delegate' },
        intent: { name: 'Greeting' },
      },
    });
    expect(configurations[1]).not.toHaveProperty('sessionState');
  });

  it('carry only the parameters that are listed', async () => {
    server.answer((conversation) => reply(conversation));
    const call = createCall({ parameters: { customer: 'known', secret: 'x' } });
    await ask(await create({ parameters: ['customer'] }), call, INPUTS.digits);
    expect(server.conversations[0]?.received[0]?.body).toMatchObject({
      sessionState: { sessionAttributes: { customer: 'known' } },
    });
    expect(JSON.stringify(server.conversations[0]?.received)).not.toContain('secret');
  });

  it('speak the language of the call', async () => {
    server.answer((conversation) => reply(conversation));
    const bot = await create({ locales: { 'de-DE': 'de_DE' } });
    await ask(bot, createCall({ language: 'de-DE' }), INPUTS.digits);
    expect(server.conversations[0]?.path).toContain('/botLocales/de_DE/');
  });

  it('carry keys one by one, and the end key', async () => {
    server.answer(async (conversation) => {
      await conversation.until('AudioInputEvent');
      reply(conversation);
    });
    await ask(await create(), createCall(), { type: 'digits', digits: '42', sensitive: true });
    const keys = server.conversations[0]?.received.filter(({ type }) => type === 'DTMFInputEvent');
    expect(keys?.map(({ body }) => body)).toEqual([
      { inputCharacter: '4' },
      { inputCharacter: '2' },
      { inputCharacter: '#' },
    ]);
  });

  it('are different for calls of two organisations with one conversation id', async () => {
    server.answer((conversation) => reply(conversation));
    const bot = await create();
    await ask(bot, createCall({ organisationId: 'a' }), INPUTS.digits);
    await ask(bot, createCall({ organisationId: 'b' }), INPUTS.digits);
    const [one, other] = server.conversations;
    expect(one?.path).not.toBe(other?.path);
  });

  it('are cut within 100 ms when nobody waits any more, while the caller still speaks', async () => {
    const controller = new AbortController();
    const bot = await create();
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield frame(MULAW_SILENCE);
      await new Promise(() => undefined);
    }
    const answering = ask(bot, createCall(), utterance(endless()), createTurn(controller.signal));
    await vi.waitFor(async () => {
      expect(server.conversations[0]?.received.length).toBeGreaterThan(2);
    });
    const abortedAt = performance.now();
    controller.abort();
    await expect(answering).rejects.toMatchObject({ name: 'AbortError' });
    await server.conversations[0]?.cut;
    expect(performance.now() - abortedAt).toBeLessThan(100);
  });

  it('are cut when the bot closes', async () => {
    const bot = await create();
    const answering = ask(bot, createCall(), INPUTS.digits);
    const refused = expect(answering).rejects.toMatchObject({ name: 'AbortError' });
    await vi.waitFor(() => expect(server.conversations).toHaveLength(1));
    await bot.close?.();
    await refused;
    await server.conversations[0]?.cut;
  });

  it('are opened again, with everything the caller said, while the one before is still closing', async () => {
    server.answer(async (conversation) => {
      await conversation.until('AudioInputEvent');
      if (server.conversations.length < 3) conversation.fail('ConflictException', CANARY);
      else reply(conversation);
    });
    const outputs = await ask(await create(), createCall(), utterance(pieces(frame(0x00))));
    expect(outputs).toHaveLength(1);
    const firsts = server.conversations.map(({ received }) => received[2]);
    expect(firsts).toHaveLength(3);
    expect(new Set(firsts.map((first) => JSON.stringify(first))).size).toBe(1);
  });
});

describe('the answers of the lex-v2 bot', () => {
  const closed = (name: string, state: string) => ({
    dialogAction: { type: 'Close' },
    intent: {
      name,
      state,
      slots: {
        date: { value: { interpretedValue: '2026-12-24' } },
        toppings: { values: [{ value: { interpretedValue: 'ham' } }] },
        empty: null,
      },
    },
    sessionAttributes: { ticket: '7', 'x-amz-lex:audio:end-timeout-ms:*:*': '500' },
  });
  const close = async (
    sessionState: unknown,
    options: Readonly<Record<string, unknown>>,
  ): Promise<readonly BotOutput[]> => {
    server.answer((conversation) => {
      conversation.send('IntentResultEvent', { sessionState });
      conversation.send('TextResponseEvent', text('Goodbye.'));
    });
    return ask(await create({ voice: 'gateway', ...options }), createCall(), INPUTS.digits);
  };
  const say = { type: 'say', text: 'Goodbye.' };

  it.each([
    ['Fulfilled', {}, 'end'],
    ['Fulfilled', { onClose: 'transfer' }, 'transfer'],
    ['Fulfilled', { onClose: 'listen' }, undefined],
    ['Failed', {}, 'transfer'],
    ['Failed', { onFailed: 'end' }, 'end'],
  ])('of a dialogue that closes %s with %j are followed by: %s', async (state, options, ending) => {
    const outputs = await close(closed('Booking', state), options);
    expect(outputs.map(({ type }) => type)).toEqual(
      ending === undefined ? ['say'] : [ending, 'say'],
    );
  });

  it('hand over what Lex has understood, and the name of the transfer', async () => {
    const outputs = await close(closed('Agent', 'Fulfilled'), {
      transferIntents: { Agent: 'sales' },
    });
    expect(outputs).toEqual([
      {
        type: 'transfer',
        name: 'sales',
        metadata: {
          intent: 'Agent',
          state: 'Fulfilled',
          slots: { date: '2026-12-24', toppings: ['ham'] },
          attributes: { ticket: '7' },
        },
      },
      say,
    ]);
  });

  it('go on while a fulfilment is under way', async () => {
    server.answer(async (conversation) => {
      const busy = {
        dialogAction: { type: 'Delegate' },
        intent: { state: 'FulfillmentInProgress' },
      };
      conversation.send('IntentResultEvent', { sessionState: busy });
      conversation.send('TextResponseEvent', text('One moment.'));
      conversation.speak(new Uint8Array(100));
      await vi.waitFor(() => {
        const cues = conversation.received.filter(({ type }) => type === 'PlaybackCompletionEvent');
        expect(cues).toHaveLength(2);
      });
      reply(conversation, 'Done.');
    });
    const outputs = await ask(await create(), createCall(), INPUTS.digits);
    expect(outputs).toMatchObject([{ text: 'One moment.' }, { text: 'Done.' }]);
  });

  it('keep nothing of what was interrupted', async () => {
    server.answer((conversation) => {
      conversation.send('IntentResultEvent', { sessionState: open });
      conversation.send('TextResponseEvent', text('Old.'));
      conversation.send('AudioResponseEvent', { audioChunk: Buffer.alloc(100).toString('base64') });
      conversation.send('PlaybackInterruptionEvent', { eventReason: 'VOICE_START_DETECTED' });
      conversation.send('AudioResponseEvent', { audioChunk: Buffer.alloc(100).toString('base64') });
      conversation.send('AudioResponseEvent', {});
      reply(conversation, 'New.');
    });
    expect(await ask(await create(), createCall(), INPUTS.digits)).toMatchObject([
      { text: 'New.' },
    ]);
  });

  it('are complete when Lex says nothing more, or closes the stream', async () => {
    server.answer((conversation) => {
      conversation.send('IntentResultEvent', { sessionState: open });
      conversation.close();
    });
    expect(await ask(await create(), createCall(), INPUTS.digits)).toEqual([]);
  });

  it('tell the flow what a custom payload has for the gateway, and speak SSML without its marks', async () => {
    server.answer((conversation) => {
      conversation.send('IntentResultEvent', { sessionState: open });
      conversation.send('TextResponseEvent', {
        messages: [
          { contentType: 'CustomPayload', content: '{"byova":{"event":"vip","metadata":{"a":1}}}' },
          { contentType: 'CustomPayload', content: 'not json' },
          { contentType: 'SSML', content: '<speak>A &amp; <break time="1s"/> B</speak>' },
        ],
      });
    });
    expect(await ask(await create({ voice: 'gateway' }), createCall(), INPUTS.digits)).toEqual([
      { type: 'custom-event', name: 'vip', metadata: { a: 1 } },
      { type: 'say', text: 'A & B' },
    ]);
  });

  it('to silence are those of Lex, or none', async () => {
    server.answer((conversation) => reply(conversation, 'Are you there?'));
    expect(await ask(await create(), createCall(), INPUTS.noInput)).toMatchObject([
      { text: 'Are you there?' },
    ]);
    const giving = await create({ noInput: 'give-up' });
    expect(await ask(giving, createCall(), INPUTS.noInput)).toEqual([
      { type: 'give-up', reason: 'no-input' },
    ]);
  });
});

describe('when Lex fails, the lex-v2 bot', () => {
  it.each([
    ['before anything was sent', false],
    ['in the middle of an answer', true],
  ])('tells the code of the vendor and nothing of its words: %s', async (_, isLate) => {
    server.answer((conversation) => {
      if (isLate) conversation.send('IntentResultEvent', { sessionState: open });
      conversation.fail('AccessDeniedException', CANARY);
    });
    const error: unknown = await ask(await create(), createCall(), INPUTS.digits).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { vendorCode: 'AccessDeniedException' },
    });
    expect(JSON.stringify(describeError(error))).not.toContain(CANARY);
    expect(String(error)).not.toContain(CANARY);
  });

  it('fails where nobody listens', async () => {
    const bot = await create();
    await server.close();
    await expect(ask(bot, createCall(), INPUTS.digits)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
    });
    server = await startLexServer();
  });

  it('gives up on an answer that does not come', async () => {
    const bot = await create({ answerTimeoutSeconds: 0.5 });
    await expect(ask(bot, createCall(), INPUTS.digits)).rejects.toMatchObject({
      code: 'ERR_HANDLER_TIMEOUT',
    });
    await server.conversations[0]?.cut;
  });

  it('says which package is missing, and how to install it', async () => {
    const bot = createLexV2Bot({ clock: systemClock, sdkFolders: [] });
    await expect(bot.create(BASE, { logger: silentLogger, baseDir: '/' })).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringContaining('npm install @aws-sdk/client-lex-runtime-v2'),
    });
  });

  it('refuses an endpoint that is neither encrypted nor on this machine', async () => {
    await expect(create({ endpoint: 'http://lex.example.com' })).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
    });
  });
});
