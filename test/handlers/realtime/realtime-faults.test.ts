import { describe, expect, it } from 'vitest';

import type { BotOutput } from '../../../src/handlers/bot-handler.ts';
import { INPUTS, ask, createCall, createTurn } from '../../contracts/bot-handler.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import type { RealtimeServer } from '../../support/realtime-server.ts';
import {
  failure,
  interruptedAt,
  soundOf,
  speech,
  textOf,
  useRealtimeServer,
} from './realtime-rig.ts';

const CANARY = 'canary-998877';

let server: RealtimeServer;
const { create, told, log } = useRealtimeServer((started) => {
  server = started;
});

describe('a connection that breaks', () => {
  it('between two turns is opened again, and the model told what was said', async () => {
    const bot = await create({ greeting: 'Welcome.', transcriptionModel: 't' });
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    await ask(bot, call, INPUTS.digits);
    server.connections[0]?.close(1001);
    await server.untilClosed();
    expect(textOf(await ask(bot, call, INPUTS.recognised))).toBe('You gave hello.');
    expect(server.connections).toHaveLength(2);
    expect(told().slice(2)).toEqual([
      'assistant: Welcome.',
      'user: The caller pressed 1.',
      'assistant: You gave The caller pressed 1..',
      'user: hello',
    ]);
    expect(server.problems).toEqual([]);
  });

  it('keeps of an interrupted answer what was heard, and of the caller what was understood', async () => {
    const bot = await create({ transcriptionModel: 't' });
    const call = createCall();
    server.intercept(({ type }, connection) => {
      if (type !== 'input_audio_buffer.commit') return false;
      connection.send({ type: 'input_audio_buffer.committed', item_id: 'i1' });
      connection.send({
        type: 'conversation.item.input_audio_transcription.completed',
        item_id: 'i1',
        transcript: 'my order',
      });
      return true;
    });
    await ask(bot, call, speech(200));
    await ask(bot, call, INPUTS.digits, interruptedAt(200, 'You'));
    expect(call.state['realtime']).toEqual([
      { role: 'user', text: 'my order' },
      { role: 'assistant', text: 'You' },
      { role: 'user', text: 'The caller pressed 1.' },
      expect.objectContaining({ role: 'assistant' }),
    ]);
  });

  it('in the middle of the question is opened once more, and everything said again', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    server.intercept(({ type }, connection) => {
      if (type !== 'response.create' || server.connections.length > 1) return false;
      connection.close();
      return true;
    });
    expect(textOf(await ask(bot, call, speech(400)))).toBe('You gave 3200 bytes of speech.');
    expect(server.connections).toHaveLength(2);
  });

  it.each<[string, number | undefined, number]>([
    ['twice', undefined, 2],
    ['by a refusal', 1008, 1],
  ])('%s fails the answer', async (_, code, connections) => {
    const bot = await create();
    server.intercept(({ type }, connection) => {
      if (type !== 'response.create') return false;
      connection.close(code);
      return true;
    });
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
    });
    expect(server.connections).toHaveLength(connections);
  });

  it('is one that has expired, too', async () => {
    const bot = await create();
    const call = createCall();
    await ask(bot, call, INPUTS.start);
    server.connections[0]?.send({ type: 'error', error: { code: 'session_expired' } });
    await server.untilClosed();
    await ask(bot, call, INPUTS.digits);
    expect(server.connections).toHaveLength(2);
  });

  it('is one that does not answer pings', async () => {
    const clock = createFakeClock();
    const bot = await create({}, clock);
    await ask(bot, createCall(), INPUTS.start);
    // No pong can come in between: the clock moves within one turn of the loop.
    clock.advance(30_000);
    await server.untilClosed();
  });
});

describe('a server that misbehaves', () => {
  it.each<[string, object | string | Buffer, string]>([
    ['no JSON', `{"${CANARY}`, 'ERR_HANDLER_OUTPUT'],
    ['no object', `["${CANARY}"]`, 'ERR_HANDLER_OUTPUT'],
    ['no type', { delta: CANARY }, 'ERR_HANDLER_OUTPUT'],
    ['an event without its fields', { type: 'response.done' }, 'ERR_HANDLER_OUTPUT'],
    [
      'sound that is not base64',
      { type: 'response.audio.delta', response_id: 'r', item_id: 'i', delta: `${CANARY}!` },
      'ERR_HANDLER_OUTPUT',
    ],
    ['bytes', Buffer.from(CANARY), 'ERR_HANDLER_OUTPUT'],
    ['a giant message', JSON.stringify({ type: 'x'.repeat(600_000) }), 'ERR_HANDLER_OUTPUT'],
    [
      'an error',
      { type: 'error', error: { code: 'rate_limit_exceeded', message: CANARY } },
      'ERR_HANDLER_FAILED',
    ],
    [
      'an error that is a sentence',
      { type: 'error', error: { code: CANARY + ' x' } },
      'ERR_HANDLER_FAILED',
    ],
  ])('with %s fails the answer, in words that quote nothing', async (_, message, code) => {
    const bot = await create();
    server.intercept(({ type }, connection) => {
      if (type !== 'response.create') return false;
      connection.send(message);
      return true;
    });
    const error = await failure(ask(bot, createCall(), INPUTS.start));
    expect(error).toMatchObject({ code });
    const { detail, message: words } = error as { detail: unknown; message: string };
    expect(`${words} ${JSON.stringify(detail)}`).not.toContain(CANARY);
  });

  it('with a flood of events is cut off', async () => {
    const bot = await create();
    server.intercept(({ type }, connection) => {
      if (type !== 'response.create') return false;
      for (let n = 0; n < 3000; n++) connection.send({ type: 'noise' });
      return true;
    });
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_OUTPUT',
    });
    await server.untilClosed();
  });

  it('with more sound than anybody takes waits, and all of it comes in the end', async () => {
    const bot = await create({ maxResponseSeconds: 600 });
    const words = Array.from({ length: 2000 }, () => 'w');
    server.reply(() => ({ words }));
    const outputs: BotOutput[] = [];
    for await (const output of bot.answer(createCall(), INPUTS.start, createTurn())) {
      outputs.push(output);
      if (outputs.length % 200 === 0) await new Promise(setImmediate);
    }
    expect(soundOf(outputs)).toHaveLength(2000 * 1600);
  });

  it('with a longer answer than allowed is cut, and the model told', async () => {
    const bot = await create({ maxResponseSeconds: 1 });
    const call = createCall();
    server.reply(() => ({ words: Array.from({ length: 40 }, () => 'w'), holdAfter: 20 }));
    const outputs = await ask(bot, call, INPUTS.start);
    expect(soundOf(outputs)).toHaveLength(8000);
    await server.until('response.cancel');
    server.reply(() => ({ words: ['w'] }));
    await ask(bot, call, INPUTS.digits);
    expect(server.of('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 1000 }]);
    expect(server.problems).toEqual([]);
  });

  it.each([
    ['that fails', { status: 'failed', reason: 'rate_limit_exceeded', words: ['w'] }],
    ['that is cut off before it began', { status: 'incomplete', reason: 'content_filter' }],
  ] as const)('with a response %s fails with the reason', async (_, reply) => {
    const bot = await create();
    server.reply(() => reply);
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { reason: reply.reason },
    });
  });

  it('with silence is given up', async () => {
    const clock = createFakeClock();
    const bot = await create({}, clock);
    server.reply(() => ({ words: ['w'], holdAfter: 0 }));
    const answered = failure(ask(bot, createCall(), INPUTS.start));
    await server.until('response.create');
    await new Promise(setImmediate);
    clock.advance(10_000);
    expect(await answered).toMatchObject({ code: 'ERR_HANDLER_TIMEOUT' });
    await server.until('response.cancel');
  });

  it('with another format than µ-law is refused', async () => {
    const bot = await create();
    server.intercept(({ type }, connection) => {
      if (type !== 'session.update') return false;
      const session = { audio: { output: { format: { type: 'audio/pcm', rate: 24_000 } } } };
      connection.send({ type: 'session.updated', session });
      return true;
    });
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
    });
  });

  it.each<[string, (clock: { advance(ms: number): void }) => Promise<void>]>([
    [
      'that never answers the connection',
      async (clock) => {
        server.refuse('hang');
        // The timer is set before anything else happens.
        clock.advance(5000);
      },
    ],
    [
      'that never acknowledges the session',
      async (clock) => {
        server.intercept(({ type }) => type === 'session.update');
        await server.until('session.update');
        clock.advance(5000);
      },
    ],
  ])('%s is given up after the connect timeout', async (_, provoke) => {
    const clock = createFakeClock();
    const bot = await create({}, clock);
    const answered = failure(ask(bot, createCall(), INPUTS.start));
    await provoke(clock);
    expect(await answered).toMatchObject({ code: 'ERR_HANDLER_TIMEOUT' });
  });

  it.each([401, 429, 307])('that answers %i is refused with the status', async (status) => {
    const bot = await create();
    server.refuse(status);
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { status },
    });
  });

  it('that is not there fails with the code of the network', async () => {
    const bot = await create({ url: 'ws://127.0.0.1:1/' });
    const error = await failure(ask(bot, createCall(), INPUTS.start));
    expect(error).toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { networkCode: 'ECONNREFUSED' },
    });
  });
});

it('the key stands in no line of the log and in no error', async () => {
  const bot = await create({ apiKey: CANARY });
  server.refuse(401);
  const error = await failure(ask(bot, createCall({ logger: log.logger }), INPUTS.start));
  expect(JSON.stringify([error, String(error), log.lines])).not.toContain(CANARY);
});

describe('the options of the realtime bot', () => {
  it.each<[string, object, string]>([
    ['a URL without TLS', { url: 'ws://models.example.com/' }, 'url: '],
    ['a URL with a user', { url: 'wss://a:b@models.example.com/' }, 'url: '],
    ['a setting of the bot', { settings: { turn_detection: null } }, 'settings: '],
    ['a placeholder that is none', { instructions: 'Hi {{' }, 'instructions: '],
    ['a misspelt key', { instruction: 'x' }, 'did you mean "instructions"'],
    ['two tools of one name', { endTool: { name: 'transfer_to_human' } }, 'two tools'],
  ])('refuse %s', async (_, options, words) => {
    await expect(create(options as Readonly<Record<string, unknown>>)).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringContaining(words),
    });
  });
});
