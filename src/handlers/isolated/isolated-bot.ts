import { abortable } from '../../core/abort.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { BotHandler } from '../bot-handler.ts';
import { type IsolationOptions, compileIsolationOptions } from './isolated-options.ts';
import { type StartQueue, createStartQueue } from './start-queue.ts';
import { startWorkerLink } from './worker-link.ts';
import { type WorkerSlot, startWorkerSlot } from './worker-slot.ts';

/** Which bot runs in the workers, and how they are kept. */
export interface IsolatedBotOptions extends IsolationOptions {
  /** As in `loadBot`. */
  readonly use: string;
  /** The bot's own options; plain data. */
  readonly options: unknown;
  readonly baseDir: string;
  /** Name in logs and metrics; default: the bot's own. */
  readonly name?: string;
}

/** What an isolated bot works with. */
export interface IsolatedBotDeps {
  /** The machine's, however fast the gateway's runs: threads take the time that they take. */
  readonly clock: Clock;
  /** Where lines of the bot go that belong to no call; a call's own lines go to `call.logger`. */
  readonly logger: Logger;
  /** Shared by all isolated bots of a process; default: one of its own. */
  readonly queue?: StartQueue;
}

/**
 * Loads a bot into worker threads and gives it as if it were here.
 *
 * A thread that crashes, leaks, or does not answer for `unresponsiveMs` is ended and replaced. Its open answers fail with
 * `ERR_HANDLER_CRASHED`; its calls go on in the next thread with the `state` that came with the last output. Nothing else
 * of a call survives a thread.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when the bot cannot be loaded.
 * @throws {TypeError} When an option is out of its range.
 */
export async function createIsolatedBot(
  { use, options, baseDir, name, ...isolation }: IsolatedBotOptions,
  { clock, logger, queue = createStartQueue(clock) }: IsolatedBotDeps,
): Promise<BotHandler> {
  const compiled = compileIsolationOptions(isolation);
  const startSlot = (): Promise<WorkerSlot> =>
    startWorkerSlot({
      clock,
      logger,
      bot: name ?? use,
      restartAfterMs: compiled.restartAfterMs,
      queue,
      start: (onLost) =>
        startWorkerLink({ use, options, baseDir }, compiled, { clock, logger, onLost }),
    });
  const starts = await Promise.allSettled(Array.from({ length: compiled.workers }, startSlot));
  const slots = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const closeAll = async (): Promise<void> => {
    const closed = await Promise.allSettled(slots.map((slot) => slot.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  };
  const failed = starts.find((start) => start.status === 'rejected');
  const [slot] = slots;
  if (failed !== undefined || slot === undefined) {
    await closeAll().catch(() => undefined);
    throw failed?.reason;
  }
  const slotOf = (conversationId: string): WorkerSlot =>
    slots[hash(conversationId) % slots.length] ?? slot;

  let closing: Promise<void> | undefined;
  const { hears, keepsCalls } = slot.first;
  return {
    name: name ?? slot.first.name,
    ...(hears === undefined ? {} : { hears }),
    ...(keepsCalls === undefined ? {} : { keepsCalls }),
    async *answer(call, input, turn) {
      const link = slotOf(call.conversationId).link();
      yield* (link instanceof Promise ? await abortable(link, turn.signal) : link).answer(
        call,
        input,
        turn,
      );
    },
    async end(call, reason) {
      const link = await slotOf(call.conversationId).link();
      await link.end(call, reason);
    },
    leave(call) {
      const link = slotOf(call.conversationId).link();
      // A thread that is only coming knows of no call.
      if (!(link instanceof Promise)) link.leave(call);
    },
    close: () => (closing ??= closeAll()),
  };
}

/** Spreads conversation ids, the same way in every life of the process. */
function hash(text: string): number {
  let value = 0;
  for (let index = 0; index < text.length; index++)
    value = (Math.imul(value, 31) + text.charCodeAt(index)) >>> 0;
  return value;
}
