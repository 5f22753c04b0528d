import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import type { BotInput } from '../../../src/handlers/bot-handler.ts';
import { createHttpBot, httpBot } from '../../../src/handlers/http/http-bot.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../../contracts/bot-handler.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/log-recorder.ts';
import { type WebhookServer, startWebhookServer } from '../../support/webhook-server.ts';

const SECRET = 'a secret of the tests';
const CANARY = '48291377';
const deps = { logger: silentLogger, baseDir: '.' };

let server: WebhookServer;
beforeEach(async () => {
  server = await startWebhookServer();
});
afterEach(async () => server.close());

const create = async (options: Readonly<Record<string, unknown>> = {}) =>
  httpBot.create({ url: server.url, secret: SECRET, ...options }, deps);

const sendJson = (response: ServerResponse, value: unknown): void =>
  void response
    .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(value));
const reply = (value: unknown): void =>
  server.answer((_request, response) => sendJson(response, value));
const lastMessage = (): unknown => JSON.parse(server.requests.at(-1)?.body ?? '');

describeBotContract('http', async () => {
  server.answer(({ body }, response) => {
    const { input, state } = JSON.parse(body) as { input: { type: string }; state: number | null };
    const turns = (state ?? 0) + 1;
    sendJson(response, {
      say: `${input.type}, turn ${turns}`,
      digits: { maxLength: 1 },
      event: { name: 'told' },
      state: turns,
    });
  });
  return create();
});

describe('the messages of the http bot', () => {
  it('are signed over the time and the raw body', async () => {
    const clock = createFakeClock(1_700_000_000_999);
    const bot = await createHttpBot({ fetch, clock }).create(
      { url: server.url, secret: SECRET },
      deps,
    );
    await ask(bot, createCall({ parameters: { name: 'Žofie' } }), INPUTS.start);
    const [request] = server.requests;
    expect(request?.method).toBe('POST');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-byova-timestamp': '1700000000',
      'x-byova-signature': `v1=${createHmac('sha256', SECRET)
        .update(`1700000000.${request?.body}`)
        .digest('hex')}`,
    });
  });

  it.each<[string, BotInput, unknown]>([
    ['the call begins', INPUTS.start, INPUTS.start],
    ['digits', INPUTS.unknownDigits, INPUTS.unknownDigits],
    [
      'speech without a recogniser',
      INPUTS.speech,
      { type: 'speech', text: null, durationMs: 1000, sensitive: false },
    ],
    [
      'speech',
      INPUTS.recognised,
      { type: 'speech', text: 'hello', durationMs: 600, sensitive: false },
    ],
    ['silence', INPUTS.noInput, INPUTS.noInput],
    ['an event of the flow', INPUTS.event, INPUTS.event],
  ])('tell what happened: %s', async (_, input, told) => {
    const call = createCall({ vendorConfig: 'x', parameters: { customer: 'known' } });
    await ask(await create(), call, input);
    expect(lastMessage()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/u),
      input: told,
      call: {
        conversationId: call.conversationId,
        organisationId: call.organisationId,
        agentId: call.agentId,
        language: 'en-US',
        parameters: { customer: 'known' },
        vendorConfig: 'x',
      },
      state: null,
    });
  });

  it('tell how much was heard of an answer that the caller interrupted', async () => {
    const turn = { ...createTurn(), interrupted: { heardMs: 1200, heardText: 'Welcome to' } };
    await ask(await create(), createCall(), INPUTS.speech, turn);
    expect(lastMessage()).toMatchObject({
      interrupted: { heardMs: 1200, heardText: 'Welcome to' },
    });
  });

  it('tell the end and why, and closing waits until it is told', async () => {
    const bot = await create();
    const ended = bot.end?.(createCall(), 'caller');
    await bot.close?.();
    expect(lastMessage()).toMatchObject({ input: { type: 'end', reason: 'caller' } });
    await ended;
  });

  it('closing gives up on a webhook that does not take the end', async () => {
    const clock = createFakeClock(1_700_000_000_000);
    server.answer(() => undefined);
    const bot = await createHttpBot({ fetch, clock }).create(
      { url: server.url, secret: SECRET },
      deps,
    );
    const ended = bot.end?.(createCall(), 'shutdown');
    const refused = expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    await server.untilAsked();
    const closed = bot.close?.();
    clock.advance(2000);
    await closed;
    await refused;
  });

  it('bring back the state that the webhook returned last, until it returns another', async () => {
    const bot = await create();
    const call = createCall();
    for (const [returned, brought] of [
      [{ state: { step: 1 } }, null],
      [{}, { step: 1 }],
      [{ state: null }, { step: 1 }],
      [{}, null],
    ] as const) {
      reply(returned);
      await ask(bot, call, INPUTS.noInput);
      expect(lastMessage()).toMatchObject({ state: brought });
    }
  });
});

describe('the answers to the http bot', () => {
  it('are done in the words of defineBot, an ending before the last words', async () => {
    reply({
      say: 'Goodbye.',
      bargeIn: false,
      listen: 'digits',
      digits: { maxLength: 4, terminator: '#', interDigitTimeoutMs: 2000 },
      speech: { noInputTimeoutMs: 5000 },
      sensitive: true,
      event: { name: 'seen', metadata: { a: [1] } },
      transfer: { name: 'desk', metadata: { why: 'asked' } },
    });
    expect(await ask(await create(), createCall(), INPUTS.start)).toEqual([
      { type: 'transfer', name: 'desk', metadata: { why: 'asked' } },
      { type: 'say', text: 'Goodbye.', bargeIn: false },
      {
        type: 'listen',
        settings: {
          mode: 'digits',
          digits: { maxLength: 4, terminator: '#', interDigitTimeoutMs: 2000 },
          speech: { noInputTimeoutMs: 5000 },
          sensitive: true,
        },
      },
      { type: 'custom-event', name: 'seen', metadata: { a: [1] } },
    ]);
  });

  it('may be empty: the gateway listens on', async () => {
    expect(await ask(await create(), createCall(), INPUTS.noInput)).toEqual([]);
  });

  it.each([
    ['a misspelt word', { sey: CANARY }, 'did you mean "say"'],
    ['an unknown word', { [CANARY]: 1 }, 'unknown key'],
    ['the wrong type', { say: 7 }, 'say: '],
    ['no text', { say: '' }, 'say: '],
    ['a timer out of range', { speech: { maxSpeechMs: -1 } }, 'speech.maxSpeechMs: '],
    ['a terminator that is no key', { digits: { terminator: CANARY } }, 'digits.terminator: '],
    ['an unknown mode', { listen: CANARY }, 'listen: '],
    ['an ending that is none', { end: CANARY }, 'end: expected true'],
    ['both endings', { end: true, transfer: true }, 'not both'],
    ['too much state', { state: CANARY.repeat(3000) }, 'state: larger than'],
    ['a list', [CANARY], 'expected object'],
    ['null', null, 'expected object'],
  ])('are refused with %s, in words that quote nothing', async (_, value, words) => {
    reply(value);
    const call = createCall();
    const error = await ask(await create(), call, INPUTS.start).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      message: expect.stringContaining(words),
    });
    expect(String(error)).not.toContain(CANARY);
    expect(call.state).toEqual({});
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['an error', (response) => void response.writeHead(500).end(CANARY), 'another status'],
    [
      'a redirect',
      (response) => void response.writeHead(307, { location: server.url }).end(),
      'redirected',
    ],
    [
      'another content type',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('{}'),
      'content type',
    ],
    [
      'garbage',
      (response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(`{"${CANARY}`),
      'not JSON',
    ],
    ['too much', (response) => sendJson(response, { say: CANARY.repeat(10_000) }), '65536 bytes'],
    ['half an answer', (response) => void response.destroy(), 'cannot be reached'],
  ])('are refused when there is %s, after one request', async (_, respond, words) => {
    server.answer((_request, response) => respond(response));
    const error = await ask(await create(), createCall(), INPUTS.unknownDigits).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      message: expect.stringContaining(words),
    });
    expect(JSON.stringify([String(error), error])).not.toContain(CANARY);
    expect(server.requests).toHaveLength(1);
  });

  it('come in time, or the request is dropped', async () => {
    const clock = createFakeClock(1_700_000_000_000);
    server.answer((_request, response) => void response.writeHead(200).write('{'));
    const options = { url: server.url, secret: SECRET, timeoutSeconds: 3 };
    const bot = await createHttpBot({ fetch, clock }).create(options, deps);
    const answer = ask(bot, createCall(), INPUTS.start).catch((thrown: unknown) => thrown);
    await server.untilAsked();
    clock.advance(2999);
    expect(await Promise.race([answer, Promise.resolve('waits')])).toBe('waits');
    clock.advance(1);
    expect(await answer).toMatchObject({ code: 'ERR_HANDLER_TIMEOUT' });
    await server.untilGivenUp();
  });

  it('are not waited for when the caller hangs up: the webhook sees it within 100 ms', async () => {
    server.answer(() => undefined);
    const controller = new AbortController();
    const turn = createTurn(controller.signal);
    const answer = ask(await create(), createCall(), INPUTS.start, turn);
    await server.untilAsked();
    const refused = expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    const hungUpAt = performance.now();
    controller.abort();
    await refused;
    await server.untilGivenUp();
    expect(performance.now() - hungUpAt).toBeLessThan(100);
  });
});

describe('the http bot', () => {
  it('tries once more when nobody listens, for then nothing was sent', async () => {
    const clock = createFakeClock(1_700_000_000_000);
    let tries = 0;
    const refused = deferred();
    const bot = await createHttpBot({
      clock,
      fetch: async (...request) => {
        tries += 1;
        if (tries > 1) return fetch(...request);
        refused.resolve();
        throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
      },
    }).create({ url: server.url, secret: SECRET }, deps);
    reply({ say: 'Here I am.' });
    const answer = ask(bot, createCall(), INPUTS.digits);
    await refused.promise;
    await new Promise(setImmediate);
    clock.advance(200);
    expect(await answer).toEqual([{ type: 'say', text: 'Here I am.' }]);
    expect(tries).toBe(2);
  });

  it('says that nobody listens', async () => {
    await server.close();
    const bot = await create();
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { networkCode: 'ECONNREFUSED' },
    });
    server = await startWebhookServer();
  });

  it('logs nothing of what it sends and gets', async () => {
    const { logger, lines } = createLogRecorder();
    reply({ say: CANARY, state: CANARY });
    const bot = await httpBot.create({ url: server.url, secret: SECRET }, { ...deps, logger });
    const input = { type: 'digits', digits: CANARY, sensitive: true } as const;
    await ask(bot, createCall({ logger }), input);
    expect(lines).toEqual([]);
  });

  it.each([
    'https://bots.example.com/calls',
    'http://127.0.0.1:3000',
    'http://[::1]:3000/',
    'http://localhost/calls?agent=1',
  ])('takes the url %s', async (url) => {
    expect((await create({ url })).name).toBe('http');
  });

  it.each([
    { url: 'http://bots.example.com/' },
    { url: 'http://127.0.0.1.example.com/' },
    { url: 'https://user:password@example.com/' },
    { url: 'https://example.com/#part' },
    { url: 'ftp://localhost/' },
    { url: 'bots' },
    { secret: 'short' },
    { timeoutSeconds: 0 },
    { timeoutSeconds: 61 },
    { timeout: 3 },
  ])('refuses the option %j', async (option) => {
    await expect(async () => create(option)).rejects.toMatchObject({ code: 'ERR_HANDLER_LOAD' });
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
