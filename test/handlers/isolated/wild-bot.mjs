// A bot for tests of isolation: does what the name of the event says.
const hoard = [];
const met = new WeakMap();
let calls = 0;

export const bot = {
  name: 'wild',
  create(options, { logger, baseDir }) {
    if (options?.fail === 'type') throw new TypeError('option "fail" is wrong');
    // A thread with nothing left to do would end.
    if (options?.fail === 'hang') return new Promise((resolve) => setTimeout(resolve, 60_000));
    logger.info({ event: 'wild.created', hasDir: baseDir !== '' }, 'created');
    return {
      name: 'wild',
      hears: 'streams',
      answer: (call, input, turn) => answer(call, input, turn),
      end(call, reason) {
        call.logger.info({ event: 'wild.ended', reason, state: { ...call.state } }, 'ended');
        if (reason === 'error') throw new Error('caller said secret');
      },
      async close() {
        if (options?.close === 'throw') throw new Error('cannot close');
        if (options?.close === 'hang') await new Promise(() => undefined);
      },
    };
  },
};

const say = (text) => ({ type: 'say', text: String(text) });

async function* answer(call, input, { signal, interrupted, traceHeaders }) {
  if (input.type === 'speech-stream') return yield* listen(call, input);
  if (input.type !== 'custom-event') return yield say(input.type);
  call.state.inputs = (call.state.inputs ?? 0) + 1;
  switch (input.name) {
    case 'state':
      return yield say(JSON.stringify(call.state));
    case 'keep':
      Object.assign(call.state, input.parameters);
      return yield say('kept');
    case 'meet':
      if (!met.has(call)) met.set(call, ++calls);
      return yield say(met.get(call));
    case 'facts':
      return yield say(
        JSON.stringify({ ...call, state: null, logger: null, interrupted, traceHeaders }),
      );
    case 'throw':
      throw new TypeError('the caller said 998877');
    case 'exit':
      yield say('before');
      return process.exit(3);
    case 'throw-in-timer':
      setTimeout(() => {
        throw new Error('thrown outside');
      }, 1);
      return void (await new Promise(() => undefined));
    case 'reject':
      void Promise.reject(new Error('nobody catches'));
      return void (await new Promise(() => undefined));
    case 'loop':
      yield say('before');
      for (;;);
    case 'leak':
      for (;;) {
        hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
        await new Promise(setImmediate);
      }
    case 'leak-buffers':
      for (;;) {
        hoard.push(new Uint8Array(4 * 1024 * 1024).fill(1));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    case 'flood':
      for (let count = 0; ; count++) {
        call.state.count = count;
        yield say(count);
      }
    case 'never':
      signal.addEventListener('abort', () => {
        call.logger.info(
          { event: 'wild.aborted', reason: signal.reason, at: Date.now() },
          'aborted',
        );
      });
      return void (await new Promise(() => undefined));
    case 'winds-up':
      try {
        yield say('first');
        yield say('second');
      } finally {
        call.state.woundUp = true;
      }
      return undefined;
    case 'malformed':
      yield null;
      yield 7;
      return yield { type: 'nonsense', at: [1, { deep: true }] };
    case 'function':
      return yield { type: 'say', text: () => 'no' };
    case 'big-state':
      call.state.big = 'x'.repeat(200_000);
      return yield say('never heard');
    case 'cyclic-state':
      call.state.self = call.state;
      return yield say('never heard');
    case 'audio': {
      const buffer = new Uint8Array(1_000_000).fill(7);
      yield { type: 'audio', audio: buffer.subarray(10, 170) };
      return yield { type: 'audio', audio: buffer.subarray(10, 170) };
    }
    case 'chatter':
      // oxlint-disable-next-line no-console -- as bots do
      console.log('the caller said 998877');
      process.stderr.write('the caller said 998877');
      for (let line = 0; line < 1_000; line++)
        call.logger.warn({ event: 'wild.line', err: new Error('said 998877'), line }, 'a line');
      return yield say('said');
    case 'pieces':
      for (let count = 0; count < input.parameters.count; count++)
        yield { type: 'audio', audio: new Uint8Array(input.parameters.bytes) };
      return undefined;
    default:
      return yield say(`${call.conversationId}:${input.name}`);
  }
}

async function* listen(call, input) {
  let bytes = 0;
  for await (const piece of input.audio) {
    bytes += piece.length;
    if (call.parameters.enough !== undefined && bytes >= call.parameters.enough) break;
  }
  yield say(bytes);
}
