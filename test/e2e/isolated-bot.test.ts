import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BotCall, BotHandler, BotOutput } from '../../src/handlers/bot-handler.ts';
import { createIsolatedBot } from '../../src/handlers/isolated/isolated-bot.ts';
import { ask, createCall, createTurn } from '../contracts/bot-handler.ts';
import { createIsolatedRig, event, textsOf } from '../handlers/isolated/isolated-rig.ts';
import { SESSION_START, createCallRig } from '../support/call-rig.ts';

const MODULE = new URL('../../dist/handlers/isolated/isolated-bot.js', import.meta.url).href;
// As it is shipped: the workers start from JavaScript, while those of the other tests start from source.
const built = (await import(MODULE)) as { readonly createIsolatedBot: typeof createIsolatedBot };
const rig = createIsolatedRig(built.createIsolatedBot);
const fromSource = createIsolatedRig(createIsolatedBot);
afterAll(() => Promise.all([rig.close(), fromSource.close()]));

/** Asks until the next worker has begun; the pause before it is over in a few milliseconds. */
async function askAgain(bot: BotHandler, call: BotCall, name: string): Promise<readonly string[]> {
  for (;;)
    try {
      return textsOf(await ask(bot, call, event(name)));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_HANDLER_UNAVAILABLE' });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

describe('a worker that is lost', () => {
  let bot: BotHandler;
  beforeAll(async () => {
    bot = await rig.start({ unresponsiveMs: 400, maxOldGenerationSizeMb: 32, maxBuffersMb: 64 });
  });

  it.each([
    ['exit', 'exited'],
    ['throw-in-timer', 'crashed'],
    ['reject', 'crashed'],
    ['loop', 'unresponsive'],
    // Collecting what is left of a full heap can take so long that the worker is deaf first.
    ['leak', expect.stringMatching(/^(?:out-of-memory|unresponsive)$/u)],
    ['leak-buffers', expect.stringMatching(/^(?:out-of-memory|unresponsive)$/u)],
  ])('by %s fails its answers, and its calls go on with their notes', async (name, reason) => {
    const [guilty, bystander] = [createCall(), createCall()];
    // The worker of the case before may just be coming back.
    await askAgain(bot, bystander, 'state');
    await ask(bot, bystander, event('keep', { name: 'Ada' }));
    const waiting = expect(ask(bot, bystander, event('never'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_CRASHED',
    });
    await expect(ask(bot, guilty, event(name))).rejects.toMatchObject({
      code: 'ERR_HANDLER_CRASHED',
      detail: { reason },
    });
    await waiting;
    const [state] = await askAgain(bot, bystander, 'state');
    expect(JSON.parse(state ?? '')).toMatchObject({ name: 'Ada' });
    expect(rig.lines('bot.worker.lost').at(-1)?.fields).toMatchObject({ reason });
  });

  it('has handed over what it said before, with its notes', async () => {
    await askAgain(bot, createCall(), 'state');
    const call = createCall();
    const outputs: BotOutput[] = [];
    const reading = (async () => {
      for await (const output of bot.answer(call, event('exit'), createTurn()))
        outputs.push(output);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ERR_HANDLER_CRASHED' });
    expect(textsOf(outputs)).toEqual(['before']);
    expect(call.state).toEqual({ inputs: 1 });
  });
});

describe('a worker beside one that is lost', () => {
  it('does not notice', async () => {
    const bot = await rig.start({ workers: 2 });
    const here = createCall({ conversationId: 'a' });
    const there = createCall({ conversationId: 'b' });
    await ask(bot, there, event('meet'));
    await expect(ask(bot, here, event('exit'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_CRASHED',
    });
    expect(textsOf(await ask(bot, there, event('hello')))).toEqual(['b:hello']);
  });
});

describe('a caller whose bot loses its worker', () => {
  it('hears the apology, and talks to the next worker', async () => {
    const bot = await fromSource.start();
    const { open, metrics, log } = await createCallRig({ bot });
    const begin = open();
    begin.send(SESSION_START);
    await begin.ended;
    const unlucky = open();
    unlucky.send({ type: 'custom-event', name: 'exit', parameters: {} });
    await unlucky.ended;
    expect(unlucky.end()).toBe('ok');
    expect(unlucky.written.some(({ prompts }) => prompts.length > 0)).toBe(true);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ kind: 'ERR_HANDLER_CRASHED' }) }),
    );
    expect((await metrics.botFailures.get()).values).toContainEqual(
      expect.objectContaining({ labels: { kind: 'ERR_HANDLER_CRASHED' }, value: 1 }),
    );
    const next = open();
    next.send({ type: 'custom-event', name: 'state', parameters: {} });
    await next.ended;
    expect(next.end()).toBe('ok');
  });
});

describe('an isolated bot that is closed', () => {
  it('leaves nothing in the process', async () => {
    const program = `(async () => {
      const { createIsolatedBot } = await import(${JSON.stringify(MODULE)});
      const log = () => undefined;
      const logger = { debug: log, info: log, warn: log, error: log };
      const clock = { now: Date.now, setTimer: (ms, act) => { const t = setTimeout(act, ms); return { cancel: () => clearTimeout(t) }; } };
      const bot = await createIsolatedBot({ use: 'echo', options: {}, baseDir: '.', workers: 2 }, { clock, logger });
      await bot.close();
      await bot.close();
      console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => /MessagePort|Worker|Timeout/.test(name))));
    })()`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program]);
    expect(JSON.parse(stdout)).toEqual([]);
  });
});
