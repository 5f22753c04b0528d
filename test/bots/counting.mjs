import { defineBot } from 'byova-gateway';

const LISTEN = { listen: 'voice-and-digits', digits: { maxLength: 1, terminator: '*' } };
/** What a call has here, and nowhere else. */
const here = new WeakMap();

/** Counts the answers of a call, in its state and in the process. */
const count = (call) => {
  call.state.count = (call.state.count ?? 0) + 1;
  here.set(call, (here.get(call) ?? 0) + 1);
  return { count: call.state.count, here: here.get(call), process: process.pid };
};
const note = (call, what) =>
  call.logger.info({ event: `counting.${what}`, conversation: call.conversationId }, 'noted');

/** A bot that knows how many answers it has given in a call. Options: `live`, whether it keeps its calls. */
export const bot = defineBot(
  (options) => ({
    name: 'counting',
    keepsCalls: options?.live === true,
    async *start(call, { signal }) {
      count(call);
      yield { ...LISTEN, say: 'Go.' };
      if (!call.parameters.long) return;
      yield 'One, two, three, four, five, six, seven, eight, nine, ten.';
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    async event(call, { name }) {
      if (name === 'unwritable') call.state.big = 1n;
      if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 150));
      return { ...LISTEN, event: { name, metadata: count(call) } };
    },
    digits(call, digits) {
      const metadata = count(call);
      if (digits === '#') return { say: 'Goodbye.', end: { name: 'bye', metadata } };
      return { ...LISTEN, event: { name: 'digits', metadata } };
    },
    speech: (call) => ({ ...LISTEN, event: { name: 'speech', metadata: count(call) } }),
    end: (call, reason) => note(call, `end.${reason}`),
    leave: (call) => note(call, 'leave'),
  }),
  'counting',
);
