import { defineBot } from 'byova-gateway';

const LONG =
  'one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen';
/** The timers are the agent's. */
const LISTEN = { listen: 'voice-and-digits', digits: { maxLength: 2, terminator: '#' } };
const SILENCE = new Uint8Array(1_600).fill(0xff);

/** What tests read: which hook was called, and what it learned. */
const note = (call, what) =>
  call.logger.info({ event: 'walkthrough', conversation: call.conversationId, what }, 'noted');
/** What a caller who waits for the end cuts off by a hair's breadth holds no whole word. */
const noteCut = (call, { interrupted: { heardText = '' } = {} }) =>
  heardText === '' ? undefined : note(call, `cut off "${heardText}"`);
const aborted = (signal) =>
  new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));

/** A bot for every flow of the contract: the keys say which. */
export const bot = defineBot({
  name: 'walkthrough',
  start(call) {
    note(call, 'start');
    return { ...LISTEN, say: call.parameters.long ? LONG : 'Hello.', bargeIn: true };
  },
  digits(call, digits, turn) {
    note(call, `digits ${digits}`);
    noteCut(call, turn);
    switch (digits) {
      case '12':
        return { ...LISTEN, say: 'Sure?', digits: { maxLength: 1 } };
      case '3':
        return { ...LISTEN, say: 'Keys.', listen: 'digits' };
      case '4':
        return { ...LISTEN, say: LONG, bargeIn: false };
      case '6':
        throw new Error('as told');
      case '7':
        return endless(call, turn);
      case '8':
        return silent(call, turn);
      case '9':
        return { say: 'Bye.', bargeIn: true, end: { name: 'done', metadata: { paid: true } } };
      case '0':
        return { say: 'Wait.', bargeIn: true, transfer: { name: 'human', metadata: { to: 'x' } } };
      default:
        return { ...LISTEN, say: 'Yes.' };
    }
  },
  speech(call, { audio }, turn) {
    note(call, 'speech');
    noteCut(call, turn);
    if (call.parameters.long) return { ...LISTEN, say: LONG, bargeIn: true };
    return { ...LISTEN, audio };
  },
  noInput(call) {
    note(call, 'no input');
    return { ...LISTEN, say: 'Hm?' };
  },
  event(call, { name, parameters }) {
    note(call, `event ${name} ${JSON.stringify(parameters)}`);
    return { ...LISTEN, say: 'So?', event: { name, metadata: parameters } };
  },
  end: (call, reason) => note(call, `end ${reason}`),
});

async function* endless(call, { signal }) {
  try {
    while (!signal.aborted) {
      yield { audio: SILENCE };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    note(call, 'stopped');
  }
}

async function* silent(call, { signal }) {
  await aborted(signal);
  note(call, 'stopped');
  yield 'nobody hears this';
}
