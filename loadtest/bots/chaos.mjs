// Bots that do everything wrong, one for each `kind`.
import { setTimeout as wait } from 'node:timers/promises';

const sound = (bytes) => ({ type: 'audio', audio: new Uint8Array(bytes).fill(0x55) });
const GREETING = sound(3_200);
const FRAME = sound(160);
const PIECE = sound(1_600);
const NOTHING = sound(0);
const RIFF = { type: 'audio', audio: Buffer.from('RIFF, but nothing of the kind') };
const MALFORMED = [
  { type: 'audio', audio: 'a string' },
  { type: 'audio', audio: undefined },
  RIFF,
  { ...RIFF, format: 'wav' },
  { ...PIECE, format: { encoding: 'opus', sampleRateHz: 48_000 } },
  { type: 'unheard-of' },
  null,
];

async function* greetThen(input, answer) {
  if (input.type === 'speech') yield* answer();
  else yield GREETING;
}

const KINDS = {
  hangs: () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => undefined),
      return: () => new Promise(() => undefined),
    }),
  }),
  throws: () => {
    throw new Error('on purpose');
  },
  async *'throws-late'() {
    yield PIECE;
    throw new Error('on purpose');
  },
  'floods-sound': (_call, input) =>
    greetThen(input, async function* flood() {
      for (;;) yield FRAME;
    }),
  'floods-nothing': async function* flood() {
    for (;;) yield NOTHING;
  },
  'floods-settings': async function* flood() {
    for (;;) yield { type: 'listen', settings: { mode: 'voice-and-digits' } };
  },
  async *malformed(call) {
    call.state.turn = (call.state.turn ?? call.conversationId.charCodeAt(0)) + 1;
    yield MALFORMED[call.state.turn % MALFORMED.length];
  },
  // It neither ends nor listens to the signal.
  'never-stops': (_call, input) =>
    greetThen(input, async function* goOn() {
      for (;;) {
        yield PIECE;
        await wait(100);
      }
    }),
  async *crashes() {
    setImmediate(() => {
      throw new Error('on purpose');
    });
    await wait(60_000);
    yield PIECE;
  },
  exits: () => process.exit(7),
  spins() {
    for (;;) Math.random();
  },
  leaks() {
    const kept = [];
    for (;;) kept.push(Array.from({ length: 100_000 }, () => ({ kept })));
  },
};

export const bot = {
  name: 'chaos',
  create: ({ kind }) => ({ name: kind, answer: KINDS[kind] }),
};
