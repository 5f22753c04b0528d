import { systemClock } from '../../core/clock.ts';
import type { BotFactory } from '../bot-handler.ts';
import { toOutputs } from '../define-bot.ts';
import { parseBotOptions } from '../strict-object.ts';
import { httpOptionsSchema } from './http-options.ts';
import { type PostDeps, postSigned } from './post-signed.ts';
import { STATE_KEY, toMessage } from './webhook-message.ts';
import { parseReply } from './webhook-reply.ts';

/** How long a closing bot waits for what it is still telling the webhook. */
const CLOSE_GRACE_MS = 2000;

/** Creates the bot `http`; see {@link httpBot}. */
export function createHttpBot(deps: PostDeps): BotFactory {
  return {
    name: 'http',
    create(options) {
      const { url, secret, timeoutSeconds } = parseBotOptions(httpOptionsSchema, options, 'http');
      const target = { url, secret, timeoutMs: timeoutSeconds * 1000 };
      const closing = new AbortController();
      const farewells = new Set<Promise<unknown>>();
      return {
        name: 'http',
        async *answer(call, input, { signal, interrupted, traceHeaders }) {
          const message = toMessage(call, input, interrupted);
          const body = await postSigned(target, message, deps, signal, traceHeaders);
          const { state, ...reply } = parseReply(body);
          if (state !== undefined) call.state[STATE_KEY] = state;
          for (const output of toOutputs(reply)) {
            if (signal.aborted) return;
            yield output;
          }
        },
        async end(call, reason) {
          const message = toMessage(call, { type: 'end', reason }, undefined);
          const farewell = postSigned(target, message, deps, closing.signal);
          farewells.add(farewell);
          try {
            await farewell;
          } finally {
            farewells.delete(farewell);
          }
        },
        async close() {
          const patience = deps.clock.setTimer(CLOSE_GRACE_MS, () => closing.abort());
          await Promise.allSettled(farewells);
          patience.cancel();
        },
      };
    },
  };
}

/**
 * A bot that is a web service of yours: each input of a call is posted to it as signed JSON, and it answers with what to
 * say and do, in the words of `defineBot`.
 *
 * Options: `url`, `secret`, `timeoutSeconds`. What the webhook returns as `state` is kept with the call and sent back.
 * Nothing of a message or an answer is logged. Text only: speech comes as what a recogniser understood.
 */
export const httpBot: BotFactory = createHttpBot({
  fetch: (...request) => globalThis.fetch(...request),
  clock: systemClock,
});
