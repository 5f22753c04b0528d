import { setTimeout as sleep } from 'node:timers/promises';

/** A bot for pictures: takes its time, or fails. */
export const bot = {
  name: 'scene',
  create: ({ thinkMs = 0, fails = false }) => ({
    name: 'scene',
    hears: 'utterances',
    async *answer(_call, input, { signal }) {
      if (fails && input.type !== 'start') throw new Error('as told');
      if (input.type !== 'start')
        await sleep(thinkMs * (0.6 + 0.8 * Math.random()), undefined, { signal });
      yield {
        type: 'say',
        text: 'Thank you. Let me see what I can do for you today, one moment please.',
      };
      yield { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 1 } } };
    },
  }),
};
