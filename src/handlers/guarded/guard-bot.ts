import { bulkhead } from 'cockatiel';

import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type {
  BotAnswer,
  BotCall,
  BotHandler,
  BotInput,
  BotOutput,
  BotTurn,
} from '../bot-handler.ts';
import { OutputReader } from '../ready-answer.ts';
import { type BreakerState, type Verdict, createBreaker } from './breaker.ts';
import { type GuardOptions, compileGuardOptions } from './guard-options.ts';

/** What a guard works with. */
export interface GuardDeps {
  readonly clock: Clock;
  /** Told of each change of state; `bot` is the bot's name. */
  readonly onState?: (bot: string, state: BreakerState) => void;
}

/** A bot behind a guard. */
export interface GuardedBot extends BotHandler {
  readonly state: () => BreakerState;
  /** Answers that are being given. */
  readonly inFlight: () => number;
  readonly maxConcurrent: number;
}

/** Tells whether a bot stands behind a guard. */
export function isGuarded(bot: BotHandler): bot is GuardedBot {
  return 'inFlight' in bot && 'maxConcurrent' in bot && 'state' in bot;
}

/** The reason of the turn's signal that is the bot's own fault; the others are the caller's. */
const TIMED_OUT = 'timed-out';

/**
 * Stands in front of a bot: bounds how many answers it gives at once, and leaves it alone when its answers fail again and
 * again, so that callers need not wait for what will not come.
 *
 * An answer counts from its first reading until it is done, thrown, left or called off, whichever is first; one that the bot
 * has ready is done with its first reading, however long it is then spoken. It has failed when the bot throws or runs out of
 * time; a caller who interrupts or hangs up says nothing about the bot unless it had begun to speak. Costs no timer, and
 * around a bot that is ready, no promise. A refused answer throws when it is read:
 *
 * @throws {GatewayError} `ERR_HANDLER_UNAVAILABLE` while the bot is left alone; `ERR_HANDLER_BUSY` at `maxConcurrent`.
 * @throws {TypeError} When an option is out of its range.
 */
export function guardBot(bot: BotHandler, options: GuardOptions, deps: GuardDeps): GuardedBot {
  const { maxConcurrent, ...breakerOptions } = compileGuardOptions(options);
  const slots = bulkhead(maxConcurrent);
  const breaker = createBreaker(breakerOptions, {
    clock: deps.clock,
    onState: (state) => deps.onState?.(bot.name, state),
  });

  /** Takes a slot and a place in the breaker's count; both are given back with the verdict, of which the first counts. */
  const enter = (): ((verdict: Verdict) => void) => {
    if (slots.executionSlots === 0)
      throw new GatewayError('ERR_HANDLER_BUSY', 'the bot gives as many answers as it may');
    const report = breaker.admit();
    if (report === undefined)
      throw new GatewayError('ERR_HANDLER_UNAVAILABLE', 'the bot has failed again and again');
    let leave = (): void => undefined;
    void slots.execute(
      () =>
        new Promise<void>((resolve) => {
          leave = resolve;
        }),
    );
    return (verdict) => {
      leave();
      report(verdict);
    };
  };

  const open = (
    outputs: AsyncIterable<BotOutput>,
    signal: AbortSignal,
    settled: (verdict: Verdict) => void,
  ): AsyncIterator<BotOutput, undefined> => {
    const answers = outputs[Symbol.asyncIterator]();
    let hasSpoken = false;
    let isSettled = false;
    const settle = (verdict: Verdict): void => {
      if (isSettled) return;
      isSettled = true;
      signal.removeEventListener('abort', onAbort);
      settled(verdict);
    };
    const leave = (): void => settle(hasSpoken ? 'answered' : 'unknown');
    const onAbort = (): void => (signal.reason === TIMED_OUT ? settle('failed') : leave());
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    return {
      async next() {
        try {
          const step = await answers.next();
          hasSpoken = true;
          if (step.done !== true) return step;
          settle('answered');
          return { done: true, value: undefined };
        } catch (error) {
          settle('failed');
          throw error;
        }
      },
      async return() {
        leave();
        await answers.return?.();
        return { done: true, value: undefined };
      },
    };
  };

  /** Asks the bot, when its answer is read for the first time. */
  const begin = (call: BotCall, input: BotInput, turn: BotTurn): Begun => {
    // Nobody could see that an answer at once takes a place and gives it back, so a bot that is trusted takes none for it.
    const isTrusted = breaker.state() === 'closed' && slots.executionSlots > 0;
    let settled = isTrusted ? undefined : enter();
    try {
      const answer = bot.answer(call, input, turn);
      const outputs = answer.atOnce?.();
      if (outputs === undefined) {
        settled ??= enter();
        return open(answer, turn.signal, settled);
      }
      if (settled === undefined) breaker.succeeded();
      else settled('answered');
      return outputs;
    } catch (error) {
      settled ??= enter();
      settled('failed');
      throw error;
    }
  };

  return {
    name: bot.name,
    ...(bot.hears === undefined ? {} : { hears: bot.hears }),
    ...(bot.keepsCalls === undefined ? {} : { keepsCalls: bot.keepsCalls }),
    state: breaker.state,
    inFlight: () => maxConcurrent - slots.executionSlots,
    maxConcurrent,
    answer: (call, input, turn) => new GuardedAnswer(() => begin(call, input, turn)),
    ...(bot.end === undefined ? {} : { end: (call, reason) => bot.end?.(call, reason) }),
    ...(bot.leave === undefined ? {} : { leave: (call) => bot.leave?.(call) }),
    ...(bot.close === undefined ? {} : { close: async () => bot.close?.() }),
  };
}

/** An answer that has begun: all of it, or its reader. */
type Begun = readonly BotOutput[] | AsyncIterator<BotOutput, undefined>;

/** Begins when it is read. */
class GuardedAnswer implements BotAnswer {
  readonly #begin: () => Begun;
  #reader: AsyncIterator<BotOutput, undefined> | undefined;

  constructor(begin: () => Begun) {
    this.#begin = begin;
  }

  atOnce(): readonly BotOutput[] | undefined {
    const begun = this.#begin();
    if (!('next' in begun)) return begun;
    this.#reader = begun;
    return undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<BotOutput, undefined> {
    if (this.#reader !== undefined) return this.#reader;
    const begun = this.#begin();
    return 'next' in begun ? begun : new OutputReader(begun);
  }
}
