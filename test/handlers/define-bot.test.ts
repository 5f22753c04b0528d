import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../src/core/logger.ts';
import { type BotHooks, defineBot } from '../../src/handlers/define-bot.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../contracts/bot-handler.ts';

const deps = { logger: silentLogger, baseDir: '/bots' };
const create = async (hooks: Omit<BotHooks, 'name'>) =>
  defineBot({ name: 'test', ...hooks }).create(undefined, deps);

describeBotContract('made by defineBot', () =>
  create({
    start: () => ({ say: 'Hello.', digits: { maxLength: 1 } }),
    digits(call, digits) {
      call.state['count'] = Number(call.state['count'] ?? 0) + 1;
      return digits === '1' ? 'One.' : { say: 'Goodbye.', end: true };
    },
    async *speech(_call, _speech, { signal }) {
      for (let i = 0; i < 20 && !signal.aborted; i++) yield `Sentence ${i}.`;
    },
    noInput: async () => ({ say: 'Still there?' }),
    event: (_call, { name, parameters }) => ({ event: { name, metadata: parameters } }),
    end: () => undefined,
  }),
);

describe('a bot made by defineBot', () => {
  it.each([
    ['a string', () => 'Hi.'],
    ['a promise of a string', async () => 'Hi.'],
    ['a reply', () => ({ say: 'Hi.' })],
    [
      'a generator',
      async function* () {
        yield 'Hi.';
      },
    ],
  ])('says what its hook gives as %s', async (_, start: NonNullable<BotHooks['start']>) => {
    expect(await ask(await create({ start }), createCall(), INPUTS.start)).toEqual([
      { type: 'say', text: 'Hi.' },
    ]);
  });

  it('says nothing where there is no hook, or the hook gives nothing', async () => {
    const bot = await create({ start: () => undefined });
    for (const input of Object.values(INPUTS))
      expect(await ask(bot, createCall(), input)).toEqual([]);
  });

  it('hands each hook what it is about', async () => {
    const seen: unknown[] = [];
    const bot = await create({
      start: (call) => void seen.push(call.parameters),
      digits: (_call, digits) => void seen.push(digits),
      speech: (_call, { durationMs, text }) => void seen.push([durationMs, text]),
      noInput: () => void seen.push('nothing'),
      event: (_call, { name }) => void seen.push(name),
    });
    const call = createCall({ parameters: { vip: true } });
    for (const input of Object.values(INPUTS)) await ask(bot, call, input);
    expect(seen).toEqual([
      { vip: true },
      '1',
      '*9*9',
      [1000, undefined],
      [600, 'hello'],
      'nothing',
      'hint',
    ]);
  });

  it('wants the sound of the caller only when it has a speech hook', async () => {
    expect((await create({ speech: () => 'Yes.' })).hears).toBe('utterances');
    expect((await create({})).hears).toBe(undefined);
  });

  it.each([
    [{ transfer: true } as const, { type: 'transfer', name: '', metadata: {} }],
    [
      { transfer: { name: 'sales', metadata: { why: 'asked' } } },
      { type: 'transfer', name: 'sales', metadata: { why: 'asked' } },
    ],
    [{ end: true } as const, { type: 'end', name: '', metadata: {} }],
    [{ end: { name: 'done' } }, { type: 'end', name: 'done', metadata: {} }],
  ])('[check 61] yields the ending %j before the last words', async (ending, output) => {
    const bot = await create({ start: () => ({ say: 'Bye.', ...ending }) });
    expect(await ask(bot, createCall(), INPUTS.start)).toEqual([
      output,
      { type: 'say', text: 'Bye.' },
    ]);
  });

  it('listens as the reply asks, and leaves the rest to the agent', async () => {
    const bot = await create({
      start: () => ({
        say: 'PIN?',
        bargeIn: false,
        digits: { maxLength: 4 },
        speech: { noInputTimeoutMs: 5000 },
        sensitive: true,
      }),
      digits: () => ({ listen: 'digits' }),
      noInput: () => ({ say: 'Again.' }),
    });
    expect(await ask(bot, createCall(), INPUTS.start)).toEqual([
      { type: 'say', text: 'PIN?', bargeIn: false },
      {
        type: 'listen',
        settings: {
          mode: 'voice-and-digits',
          digits: { maxLength: 4 },
          speech: { noInputTimeoutMs: 5000 },
          sensitive: true,
        },
      },
    ]);
    expect(await ask(bot, createCall(), INPUTS.digits)).toEqual([
      { type: 'listen', settings: { mode: 'digits' } },
    ]);
    expect(await ask(bot, createCall(), INPUTS.noInput)).toEqual([{ type: 'say', text: 'Again.' }]);
  });

  it('plays sound after what it says, and tells the flow', async () => {
    const audio = new Uint8Array(160);
    const bot = await create({
      start: () => ({ event: { name: 'begun' }, audio, say: 'Listen.' }),
    });
    expect(await ask(bot, createCall(), INPUTS.start)).toEqual([
      { type: 'say', text: 'Listen.' },
      { type: 'audio', audio },
      { type: 'custom-event', name: 'begun', metadata: {} },
    ]);
  });

  it('passes on what a hook throws, at once or later', async () => {
    const failure = new Error('broken');
    const now = await create({
      start() {
        throw failure;
      },
    });
    const later = await create({ start: () => Promise.reject(failure) });
    await expect(ask(now, createCall(), INPUTS.start)).rejects.toBe(failure);
    await expect(ask(later, createCall(), INPUTS.start)).rejects.toBe(failure);
  });

  it('gives what a hook returns at once, and asks the hook once for what comes later', async () => {
    let calls = 0;
    const bot = await create({
      start: () => {
        calls += 1;
        return { say: 'Hi.', end: true };
      },
      noInput: async () => {
        calls += 1;
        return 'Later.';
      },
    });
    const now = bot.answer(createCall(), INPUTS.start, createTurn());
    expect(now.atOnce?.()).toEqual(await ask(bot, createCall(), INPUTS.start));
    const later = bot.answer(createCall(), INPUTS.noInput, createTurn());
    expect([calls, later.atOnce?.()]).toEqual([2, undefined]);
    const said: unknown[] = [];
    for await (const output of later) said.push(output);
    expect([calls, said]).toEqual([3, [{ type: 'say', text: 'Later.' }]]);
  });

  it('fails when it is read, though its hook has failed before', async () => {
    const failure = new Error('no');
    const bot = await create({ start: () => Promise.reject(failure) });
    const answer = bot.answer(createCall(), INPUTS.start, createTurn());
    expect(answer.atOnce?.()).toBeUndefined();
    await new Promise(setImmediate);
    await expect(answer[Symbol.asyncIterator]().next()).rejects.toBe(failure);
  });

  it('hands a generator the signal that calls it off', async () => {
    const controller = new AbortController();
    const bot = await create({
      async *start(_call, { signal }) {
        yield 'Once.';
        if (!signal.aborted) yield 'Twice.';
      },
    });
    const heard: unknown[] = [];
    for await (const output of bot.answer(
      createCall(),
      INPUTS.start,
      createTurn(controller.signal),
    )) {
      heard.push(output);
      controller.abort();
    }
    expect(heard).toHaveLength(1);
  });

  it('is told when the call ends', async () => {
    const reasons: string[] = [];
    const bot = await create({ end: (_call, reason) => void reasons.push(reason) });
    await bot.end?.(createCall(), 'transfer');
    expect(reasons).toEqual(['transfer']);
  });

  it('is made from its options and what the gateway gives it', async () => {
    const factory = defineBot(async (options, { baseDir }) => ({
      name: 'configured',
      start: () => `${String(options)} ${baseDir}`,
    }));
    expect(factory.name).toBe('custom');
    const bot = await factory.create('option', deps);
    expect(bot.name).toBe('configured');
    expect(await ask(bot, createCall(), INPUTS.start)).toEqual([
      { type: 'say', text: 'option /bots' },
    ]);
  });
});
