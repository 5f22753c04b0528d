import { type Clock, systemClock } from '../../core/clock.ts';
import type { BotCall, BotFactory } from '../bot-handler.ts';
import { parseBotOptions } from '../strict-object.ts';
import { type AnsweredCall, answerCall } from './answer-call.ts';
import { realtimeOptionsSchema } from './realtime-options.ts';

/** Creates the bot `realtime`; see {@link realtimeBot}. */
export function createRealtimeBot(deps: { readonly clock: Clock }): BotFactory {
  return {
    name: 'realtime',
    create(given) {
      const options = parseBotOptions(realtimeOptionsSchema, given, 'realtime');
      const calls = new WeakMap<BotCall, AnsweredCall>();
      // Whoever ends leaves; only the shutdown closes those that are left.
      const open = new Set<AnsweredCall>();
      const find = (call: BotCall): AnsweredCall => {
        const known = calls.get(call);
        if (known !== undefined) return known;
        const answered = answerCall(call, options, deps.clock);
        calls.set(call, answered);
        open.add(answered);
        return answered;
      };
      const leave = (call: BotCall): void => {
        const answered = calls.get(call);
        if (answered === undefined) return;
        calls.delete(call);
        open.delete(answered);
        answered.close();
      };
      return {
        name: 'realtime',
        hears: 'streams',
        // What the model has heard lives in its connection.
        keepsCalls: true,
        answer: (call, input, turn) => find(call).answer(input, turn),
        end: leave,
        leave,
        async close() {
          for (const answered of open) answered.close();
          open.clear();
        },
      };
    },
  };
}

/**
 * A bot that is a speech-to-speech model behind the OpenAI Realtime event protocol: it hears the caller and speaks by
 * itself, µ-law both ways. A call is one WebSocket, opened when the call begins; one that breaks is opened again, and the
 * model told what was said before, as far as its words are known.
 *
 * Options: see `realtimeOptionsSchema`. Neither the key nor anything that is said is logged or put into an error.
 */
export const realtimeBot: BotFactory = createRealtimeBot({ clock: systemClock });
