import { describe, expect, it, vi } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import type { BotHandler, BotInput } from '../../../src/handlers/bot-handler.ts';
import { echoBot } from '../../../src/handlers/echo.ts';
import type { GuardOptions } from '../../../src/handlers/guarded/guard-options.ts';
import { ReadyAnswer } from '../../../src/handlers/ready-answer.ts';
import { guardBot } from '../../../src/handlers/guarded/guard-bot.ts';
import {
  INPUTS,
  ask,
  createCall,
  createTurn,
  describeBotContract,
} from '../../contracts/bot-handler.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

/** A bot that does what the event says. */
const moody: BotHandler = {
  name: 'moody',
  async *answer(_call, input) {
    const name = input.type === 'custom-event' ? input.name : '';
    if (name === 'fail') throw new Error('no');
    if (name === 'hang') await new Promise(() => undefined);
    yield { type: 'say', text: 'one' };
    if (name === 'hang-later') await new Promise(() => undefined);
    yield { type: 'say', text: 'two' };
  },
};
const event = (name: string): BotInput => ({ type: 'custom-event', name, parameters: {} });

/** The same bot, where it need not wait. */
const ready: BotHandler = {
  name: 'ready',
  answer(_call, input) {
    if (input.type === 'custom-event' && input.name === 'fail') throw new Error('no');
    return new ReadyAnswer([
      { type: 'say', text: 'one' },
      { type: 'say', text: 'two' },
    ]);
  },
};

function createRig(options: GuardOptions = {}, bot: BotHandler = moody) {
  const clock = createFakeClock();
  const states: string[] = [];
  const guarded = guardBot(
    bot,
    { failures: 3, retryAfterMs: 1_000, ...options },
    {
      clock,
      onState: (name, state) => states.push(`${name} ${state}`),
    },
  );
  const settle = () => new Promise(setImmediate);
  const open = (name: string) => {
    const controller = new AbortController();
    const answer = guarded.answer(createCall(), event(name), createTurn(controller.signal));
    return { controller, outputs: answer[Symbol.asyncIterator]() };
  };
  /** Begins an answer and calls it off, before or after its first words. */
  const callOff = async (name: string, reason: string): Promise<void> => {
    const { controller, outputs } = open(name);
    if (name === 'hang') void outputs.next();
    else await outputs.next();
    controller.abort(reason);
    await settle();
  };
  const fail = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++)
      await expect(ask(guarded, createCall(), event('fail'))).rejects.toThrow('no');
    await settle();
  };
  const tryIt = async () => {
    const outputs = await ask(guarded, createCall(), event('hello')).catch(
      (error: unknown) => error,
    );
    await settle();
    return outputs;
  };
  return { clock, states, guarded, settle, open, callOff, fail, tryIt };
}

const UNAVAILABLE = { code: 'ERR_HANDLER_UNAVAILABLE' };
const BUSY = { code: 'ERR_HANDLER_BUSY' };

describeBotContract('echo, guarded', async () =>
  guardBot(
    await echoBot.create({}, { logger: silentLogger, baseDir: '.' }),
    {},
    { clock: createFakeClock() },
  ),
);

describe('a guarded bot', () => {
  it('is what it guards, and sets no timer', async () => {
    const { guarded, clock, tryIt } = createRig();
    expect(guarded.name).toBe('moody');
    expect(guarded).not.toHaveProperty('hears');
    expect(await tryIt()).toHaveLength(2);
    expect(clock.pending()).toBe(0);
  });

  it('closes and ends what it guards', async () => {
    const close = vi.fn(async () => undefined);
    const end = vi.fn();
    const inner: BotHandler = { ...moody, hears: 'streams', close, end };
    const guarded = guardBot(inner, {}, { clock: createFakeClock() });
    await guarded.end?.(createCall(), 'caller');
    await guarded.close?.();
    expect([guarded.hears, end.mock.calls[0]?.[1], close.mock.calls.length]).toEqual([
      'streams',
      'caller',
      1,
    ]);
  });

  it('is left alone after failures in a row, tried once after a while, and trusted again', async () => {
    const { guarded, clock, states, fail, tryIt, open, settle } = createRig();
    await fail(3);
    expect(await tryIt()).toMatchObject(UNAVAILABLE);
    clock.advance(999);
    expect(await tryIt()).toMatchObject(UNAVAILABLE);
    clock.advance(1);
    const trial = open('hello');
    await trial.outputs.next();
    expect(guarded.state()).toBe('half-open');
    expect(await tryIt()).toMatchObject(UNAVAILABLE);
    await trial.outputs.next();
    await trial.outputs.next();
    await settle();
    expect(await tryIt()).toHaveLength(2);
    expect(states).toEqual(['moody open', 'moody half-open', 'moody closed']);
  });

  it('is left alone twice as long after each trial that fails, up to a bound', async () => {
    const { clock, fail, tryIt } = createRig({ maxRetryAfterMs: 3_000 });
    await fail(3);
    for (const waitMs of [1_000, 2_000, 3_000, 3_000]) {
      clock.advance(waitMs - 1);
      expect(await tryIt()).toMatchObject(UNAVAILABLE);
      clock.advance(1);
      await fail(1);
    }
  });

  it('forgets failures when an answer succeeds', async () => {
    const { guarded, fail, tryIt } = createRig();
    await fail(2);
    await tryIt();
    await fail(2);
    expect(guarded.state()).toBe('closed');
  });

  it.each(['hang', 'hang-later'])('has failed when it runs out of time (%s)', async (name) => {
    const { guarded, callOff } = createRig();
    for (let time = 0; time < 3; time++) await callOff(name, 'timed-out');
    expect(guarded.state()).toBe('open');
  });

  it.each(['interrupted', 'cancelled', 'ended', 'revoked'])(
    'has not failed when the answer was %s',
    async (reason) => {
      const { guarded, callOff, fail } = createRig();
      await fail(2);
      for (let time = 0; time < 5; time++) await callOff('hang', reason);
      expect(guarded.state()).toBe('closed');
      // Nor has it succeeded: it had said nothing.
      await fail(1);
      expect(guarded.state()).toBe('open');
    },
  );

  it('is tried again with the next call when a trial told nothing, and trusted when the caller cut its words short', async () => {
    const { guarded, clock, callOff, fail } = createRig();
    await fail(3);
    clock.advance(1_000);
    await callOff('hang', 'cancelled');
    expect(guarded.state()).toBe('open');
    await callOff('hang-later', 'interrupted');
    expect(guarded.state()).toBe('closed');
  });

  it('gives so many answers at once and no more; each counts until it is over', async () => {
    const { guarded, open, tryIt, settle } = createRig({ maxConcurrent: 4 });
    const [done, left, calledOff, failed] = [
      open('hello'),
      open('hello'),
      open('hang'),
      open('fail'),
    ];
    await done.outputs.next();
    await left.outputs.next();
    void calledOff.outputs.next();
    expect(guarded.inFlight()).toBe(4);
    expect(await tryIt()).toMatchObject(BUSY);
    for (const [index, end] of [
      async () => void (await failed.outputs.next().catch(() => undefined)),
      async () => void (await left.outputs.return?.()),
      async () => calledOff.controller.abort('timed-out'),
      async () => {
        await done.outputs.next();
        await done.outputs.next();
      },
    ].entries()) {
      await end();
      await settle();
      expect(guarded.inFlight()).toBe(3 - index);
    }
    expect(guarded.state()).toBe('closed');
  });

  it('takes no place for an answer that nobody reads', () => {
    const { guarded } = createRig();
    guarded.answer(createCall(), INPUTS.start, createTurn());
    expect(guarded.inFlight()).toBe(0);
  });

  it('gives at once what the bot has ready, and otherwise begins', async () => {
    const { guarded } = createRig({}, ready);
    const answer = guarded.answer(createCall(), INPUTS.start, createTurn());
    expect(answer.atOnce?.()).toEqual(await ask(ready, createCall(), INPUTS.start));
    expect(guarded.inFlight()).toBe(0);
    const { guarded: slow, settle } = createRig();
    const later = slow.answer(createCall(), INPUTS.start, createTurn());
    expect(later.atOnce?.()).toBeUndefined();
    expect(slow.inFlight()).toBe(1);
    const said: unknown[] = [];
    for await (const output of later) said.push(output);
    await settle();
    expect([said.length, slow.inFlight()]).toEqual([2, 0]);
  });

  it('lets one answer try a bot that is ready, and no other until that is known', async () => {
    const { guarded, clock, fail } = createRig({}, ready);
    await fail(3);
    clock.advance(1_000);
    const open = () => guarded.answer(createCall(), event('hello'), createTurn());
    const [trial, other] = [open(), open()];
    expect(trial.atOnce?.()).toHaveLength(2);
    expect(guarded.state()).toBe('half-open');
    expect(() => other.atOnce?.()).toThrow('again and again');
  });

  describe.each(['at once', 'piece by piece'])('around a bot that is ready, read %s', (how) => {
    const createReadyRig = () => {
      const rig = createRig({ maxConcurrent: 1 }, ready);
      const read = async (name: string): Promise<unknown> => {
        const answer = rig.guarded.answer(createCall(), event(name), createTurn());
        try {
          if (how === 'at once') return answer.atOnce?.();
          const outputs: unknown[] = [];
          for await (const output of answer) outputs.push(output);
          return outputs;
        } catch (error) {
          return error;
        } finally {
          await rig.settle();
        }
      };
      const readAll = async (names: readonly string[]): Promise<unknown> => {
        let last: unknown;
        for (const name of names) last = await read(name);
        return last;
      };
      return { ...rig, read, readAll };
    };

    it('counts failures in a row, which an answer ends', async () => {
      const { guarded, readAll, read } = createReadyRig();
      await readAll(['fail', 'fail', 'hello', 'fail', 'fail']);
      expect([guarded.state(), guarded.inFlight()]).toEqual(['closed', 0]);
      expect(await read('fail')).toMatchObject({ message: 'no' });
      expect(guarded.state()).toBe('open');
      expect(await read('hello')).toMatchObject(UNAVAILABLE);
    });

    it('tries it once after a while, again after twice as long, and trusts it', async () => {
      const { guarded, clock, states, readAll, read } = createReadyRig();
      await readAll(['fail', 'fail', 'fail']);
      clock.advance(1_000);
      expect(await read('fail')).toMatchObject({ message: 'no' });
      clock.advance(1_999);
      expect(await read('hello')).toMatchObject(UNAVAILABLE);
      clock.advance(1);
      expect(await read('hello')).toHaveLength(2);
      expect([guarded.state(), guarded.inFlight()]).toEqual(['closed', 0]);
      expect(states).toEqual([
        'ready open',
        'ready half-open',
        'ready open',
        'ready half-open',
        'ready closed',
      ]);
      await readAll(['fail', 'fail']);
      expect(guarded.state()).toBe('closed');
    });

    it('refuses it while others take all places', async () => {
      const busy: BotHandler = {
        name: 'busy',
        answer: (call, input, turn) =>
          (input.type === 'start' ? moody : ready).answer(call, input, turn),
      };
      const { guarded } = createRig({ maxConcurrent: 1 }, busy);
      const first = guarded.answer(createCall(), INPUTS.start, createTurn());
      const outputs = first[Symbol.asyncIterator]();
      const second = guarded.answer(createCall(), event('hello'), createTurn());
      expect(() =>
        how === 'at once' ? second.atOnce?.() : second[Symbol.asyncIterator](),
      ).toThrow('as many answers as it may');
      await outputs.return?.();
    });
  });

  it.each([
    { maxConcurrent: 0 },
    { failures: 0.5 },
    { retryAfterMs: 1 },
    { retryAfterMs: 9_000, maxRetryAfterMs: 8_000 },
  ])('refuses an option out of its range: %j', (options) => {
    expect(() => createRig(options)).toThrow(TypeError);
  });
});
