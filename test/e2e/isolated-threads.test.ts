import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { BotHandler, BotTurn } from '../../src/handlers/bot-handler.ts';
import { createLogRecorder } from '../support/log-recorder.ts';
import { ask, createCall, createTurn, describeBotContract } from '../contracts/bot-handler.ts';
import { createIsolatedRig, event, textsOf } from '../handlers/isolated/isolated-rig.ts';

const rig = createIsolatedRig();
let bot: BotHandler;
beforeAll(async () => {
  bot = await rig.start({ workers: 2 });
});
afterAll(() => rig.close());

const shared = createIsolatedRig();
afterAll(() => shared.close());
let echo: Promise<BotHandler> | undefined;
// Made once: a fresh object is as good as a fresh process for a bot that keeps nothing, and threads take time.
describeBotContract('echo, isolated', () => (echo ??= shared.start({ use: 'echo' })));

describe('an isolated bot', () => {
  it('has the name and the ears of its bot, or the name that it is given', async () => {
    expect(bot).toMatchObject({ name: 'wild', hears: 'streams' });
    expect((await shared.start({ name: 'front-desk' })).name).toBe('front-desk');
  });

  it('knows the facts of the call, what was heard before, and the trace', async () => {
    const call = createCall({ language: 'de-DE', parameters: { some: ['value'] } });
    const traceHeaders = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const interrupted = { heardMs: 120, heardText: 'Hel' };
    const turn: BotTurn = { ...createTurn(), interrupted, traceHeaders };
    const [facts] = textsOf(await ask(bot, call, event('facts'), turn));
    expect(JSON.parse(facts ?? '')).toEqual({
      ...call,
      state: null,
      logger: null,
      interrupted,
      traceHeaders,
    });
  });

  it('sees one and the same object for the whole call', async () => {
    const [one, other] = [createCall(), createCall()];
    const meet = async (call = one) => textsOf(await ask(bot, call, event('meet')))[0];
    const first = await meet();
    expect(await meet(other)).not.toBe(first);
    expect(await meet()).toBe(first);
  });

  it('brings its notes back with each output, and sees what others noted', async () => {
    const call = createCall({ state: { before: 1 } });
    await ask(bot, call, event('keep', { name: 'Ada', deep: { list: [1] } }));
    expect(call.state).toEqual({ before: 1, inputs: 1, name: 'Ada', deep: { list: [1] } });
    delete call.state['before'];
    call.state['name'] = 'Bo';
    const [seen] = textsOf(await ask(bot, call, event('state')));
    expect(JSON.parse(seen ?? '')).toEqual({ inputs: 2, name: 'Bo', deep: { list: [1] } });
  });

  it('brings back what the bot notes while it winds up', async () => {
    const call = createCall();
    for await (const _output of bot.answer(call, event('winds-up'), createTurn())) break;
    await vi.waitFor(() => expect(call.state).toMatchObject({ woundUp: true }));
  });

  it.each(['big-state', 'cyclic-state'])(
    'fails an answer with notes that cannot be kept: %s',
    async (name) => {
      const call = createCall();
      await expect(ask(bot, call, event(name))).rejects.toMatchObject({
        code: 'ERR_HANDLER_OUTPUT',
      });
      expect(call.state).toEqual({});
    },
  );

  it('passes on what the bot throws, without its words', async () => {
    await expect(ask(bot, createCall(), event('throw'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      message: 'the bot failed',
      detail: { error: 'TypeError', stack: expect.stringContaining('wild-bot.mjs') },
    });
  });

  it('passes on what the bot yields even if it is nonsense, for the gateway to judge', async () => {
    expect(await ask(bot, createCall(), event('malformed'))).toEqual([
      null,
      7,
      { type: 'nonsense', at: [1, { deep: true }] },
    ]);
  });

  it('fails an answer that cannot cross', async () => {
    await expect(ask(bot, createCall(), event('function'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_OUTPUT',
    });
  });

  it('hands over only the sound that was meant, and leaves the bot its own', async () => {
    const outputs = await ask(bot, createCall(), event('audio'));
    for (const output of outputs) {
      const audio = output.type === 'audio' ? output.audio : new Uint8Array(0);
      expect(audio).toEqual(new Uint8Array(160).fill(7));
      expect(audio.buffer.byteLength).toBe(160);
    }
    expect(outputs).toHaveLength(2);
  });

  it('never runs ahead of its reader: a flood waits', async () => {
    const call = createCall();
    let heard = 0;
    for await (const _output of bot.answer(call, event('flood'), createTurn())) {
      heard += 1;
      await new Promise(setImmediate);
      expect(call.state['count']).toBe(heard - 1);
      if (heard === 20) break;
    }
  });

  it('gives a speech stream piece by piece, as it is read, until the bot has heard enough', async () => {
    let read = 0;
    let isOver = false;
    const audio = (async function* () {
      try {
        for (; read < 50;) {
          read += 1;
          yield new Uint8Array(160);
        }
      } finally {
        isOver = true;
      }
    })();
    const input = { type: 'speech-stream', audio, sensitive: false } as const;
    const call = createCall({ parameters: { enough: 800 } });
    expect(textsOf(await ask(bot, call, input))).toEqual(['800']);
    await vi.waitFor(() => expect(isOver).toBe(true));
    expect(read).toBe(5);
  });

  it('hears a speech stream to its end', async () => {
    const audio = (async function* () {
      for (let piece = 0; piece < 50; piece++) yield new Uint8Array(8_000).subarray(0, 160);
    })();
    const input = { type: 'speech-stream', audio, sensitive: false } as const;
    expect(textsOf(await ask(bot, createCall(), input))).toEqual(['8000']);
  });

  it('learns within 100 ms that its answer was called off, and why', async () => {
    const log = createLogRecorder();
    const call = createCall({ logger: log.logger });
    const controller = new AbortController();
    const asking = ask(bot, call, event('never'), createTurn(controller.signal));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const abortedAt = Date.now();
    controller.abort('interrupted');
    expect(await asking).toEqual([]);
    await vi.waitFor(() => expect(log.events()).toContain('wild.aborted'));
    const line = log.lines.find(({ fields }) => fields['event'] === 'wild.aborted');
    expect(line?.fields).toMatchObject({ reason: 'interrupted' });
    expect(Number(line?.fields['at']) - abortedAt).toBeLessThan(100);
  });

  it('does not begin what was called off before', async () => {
    const call = createCall();
    expect(await ask(bot, call, event('keep'), createTurn(AbortSignal.abort()))).toEqual([]);
    expect(call.state).toEqual({});
  });

  it('gives 20 answers at once over two threads', async () => {
    const calls = Array.from({ length: 20 }, (_, index) =>
      createCall({ conversationId: `c${index}` }),
    );
    const answers = await Promise.all(calls.map((call) => ask(bot, call, event('hello'))));
    expect(answers.map(textsOf)).toEqual(
      calls.map(({ conversationId }) => [`${conversationId}:hello`]),
    );
  });

  it('writes the lines of a call with the logger of the call, bounded, and errors without their words', async () => {
    const log = createLogRecorder();
    const talker = createIsolatedRig();
    const chatty = await talker.start({ unresponsiveMs: 400 });
    await ask(chatty, createCall({ logger: log.logger }), event('chatter'));
    expect(log.lines.length).toBeLessThanOrEqual(200);
    expect(log.lines[0]).toMatchObject({
      level: 'warn',
      fields: { err: { error: 'Error' }, line: 0 },
    });
    expect(JSON.stringify(log.lines)).not.toContain('998877');
    await vi.waitFor(() =>
      expect(talker.lines('bot.worker.discarded')[0]?.fields).toMatchObject({
        lines: expect.any(Number),
        bytes: expect.any(Number),
      }),
    );
    await talker.close();
  });

  it('is told of the end of a call, with its notes', async () => {
    const log = createLogRecorder();
    const call = createCall({ logger: log.logger, state: { kept: true } });
    await bot.end?.(call, 'caller');
    expect(log.lines[0]?.fields).toMatchObject({ reason: 'caller', state: { kept: true } });
    await expect(bot.end?.(call, 'error')).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      message: 'the bot failed',
    });
  });
});

describe('an isolated bot that cannot be loaded', () => {
  it.each([
    [{ use: './absent.mjs' }, 'no such file'],
    [{ options: { fail: 'type' } }, 'option "fail" is wrong'],
    [{ options: { fail: 'hang' }, startTimeoutMs: 1_500 }, 'start-timed-out'],
    [{ options: { fail: () => 'no' } }, 'cannot be started'],
  ])('says why: %j', async (options, problem) => {
    await expect(rig.start(options)).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringContaining(problem),
    });
  });

  it('refuses options out of their range', async () => {
    await expect(rig.start({ workers: 0 })).rejects.toThrow(TypeError);
  });
});

describe('closing an isolated bot', () => {
  it('fails what is open, may be done twice and leaves nothing behind', async () => {
    const closing = await rig.start();
    const open = ask(closing, createCall(), event('never'));
    const failure = expect(open).rejects.toMatchObject({ code: 'ERR_HANDLER_UNAVAILABLE' });
    await new Promise(setImmediate);
    await Promise.all([closing.close?.(), closing.close?.()]);
    await failure;
    await expect(ask(closing, createCall(), event('hello'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_UNAVAILABLE',
    });
  });

  it('says that the bot failed to close', async () => {
    const closing = await rig.start({ options: { close: 'throw' } });
    await expect(closing.close?.()).rejects.toMatchObject({ code: 'ERR_HANDLER_FAILED' });
  });
});
