import { describe, expect, it } from 'vitest';

import type { BotHandler, BotInput, BotOutput } from '../../src/handlers/bot-handler.ts';
import { SESSION_START, createCallRig } from '../support/call-rig.ts';

const botOf = (
  answer: (input: BotInput) => AsyncIterable<BotOutput> | readonly BotOutput[],
): BotHandler => ({
  name: 'test',
  async *answer(_call, input) {
    yield* answer(input);
  },
});

async function greet(bot: BotHandler, agent: Parameters<typeof createCallRig>[0]['agent'] = {}) {
  const rig = await createCallRig({ bot, agent });
  const rpc = rig.open();
  rpc.send(SESSION_START);
  rpc.turn.halfClose();
  return { rig, rpc };
}

describe('an answer', () => {
  it('[check 61] [check 62] [check 75] ends in TRANSFER_TO_AGENT on the closing FINAL, not interruptible', async () => {
    const { rig, rpc } = await greet(
      botOf(() => [
        { type: 'transfer', name: 'human', metadata: { queue: 'cards' } },
        { type: 'say', text: 'one moment', bargeIn: true },
      ]),
    );
    await rpc.ended;
    const last = rpc.written.at(-1);
    expect(last).toMatchObject({
      responseType: 'final',
      event: { type: 'transfer-to-agent', name: 'human', metadata: { queue: 'cards' } },
      listen: undefined,
    });
    expect(rpc.written.flatMap(({ prompts }) => prompts).map(({ bargeIn }) => bargeIn)).toEqual([
      false,
      false,
    ]);
    expect(rig.directory.size()).toBe(0);
  });

  it('[check 63] ends the call with SESSION_END, and nothing is said afterwards', async () => {
    const { rig, rpc } = await greet(botOf(() => [{ type: 'end', name: '', metadata: {} }]));
    await rpc.ended;
    expect(rpc.written.at(-1)?.event?.type).toBe('session-end');
    const late = rig.open();
    late.send({ type: 'digits', digits: '1' });
    expect(late.written).toMatchObject([{ prompts: [], event: undefined }]);
    expect(late.end()).toBe('ok');
  });

  it('lets the same call come back with a new SESSION_START', async () => {
    const { rig, rpc } = await greet(botOf(() => [{ type: 'end', name: '', metadata: {} }]));
    await rpc.ended;
    const again = rig.open();
    again.send(SESSION_START);
    await again.ended;
    expect(again.written.at(-1)?.event?.type).toBe('session-end');
  });

  it('[check 66] [check 74] says nothing of NO_INPUT to the flow, and tells how to listen on', async () => {
    const rig = await createCallRig({ bot: botOf(() => [{ type: 'say', text: 'still there?' }]) });
    const rpc = rig.open();
    rpc.send({ type: 'no-input' });
    rpc.turn.halfClose();
    await rpc.ended;
    expect(rpc.written.map(({ event }) => event)).toEqual([undefined, undefined]);
    expect(rpc.written.at(-1)?.listen?.mode).toBe('voice-and-digits');
  });

  it('[check 66] gives up only when the bot says so', async () => {
    const { rpc } = await greet(botOf(() => [{ type: 'give-up', reason: 'no-input' }]));
    await rpc.ended;
    expect(rpc.written.at(-1)).toMatchObject({ event: { type: 'no-input' }, listen: undefined });
  });

  it('[check 67] hands CUSTOM_EVENT to the bot and sends one back', async () => {
    const heard: BotInput[] = [];
    const rig = await createCallRig({
      bot: botOf((input) => {
        heard.push(input);
        return [{ type: 'custom-event', name: 'pong', metadata: { n: 1 } }];
      }),
    });
    const rpc = rig.open();
    rpc.send({ type: 'custom-event', name: 'ping', parameters: { deep: { list: [1, null] } } });
    await rpc.ended;
    expect(heard[0]).toMatchObject({ name: 'ping', parameters: { deep: { list: [1, null] } } });
    expect(rpc.written.at(-1)?.event).toEqual({
      type: 'custom-event',
      name: 'pong',
      metadata: { n: 1 },
    });
  });

  it('[check 8] puts each of several events into a message of its own', async () => {
    const { rpc } = await greet(
      botOf(() => [
        { type: 'custom-event', name: 'a', metadata: {} },
        { type: 'custom-event', name: 'b', metadata: {} },
        { type: 'end', name: '', metadata: {} },
      ]),
    );
    await rpc.ended;
    expect(rpc.written.map(({ event }) => event?.name || event?.type)).toEqual([
      'a',
      'b',
      'session-end',
    ]);
  });

  it('[check 76] sends transcript and summary with the last response only', async () => {
    const rig = await createCallRig({
      bot: botOf(({ type }) => [
        { type: 'transcript', transcript: 'all', summary: 'short' },
        ...(type === 'custom-event' ? [{ type, name: 'x', metadata: {} }] : []),
        ...(type === 'no-input' ? [{ type: 'end' as const, name: '', metadata: {} }] : []),
      ]),
    });
    for (const input of [
      SESSION_START,
      { type: 'custom-event', name: 'x', parameters: {} },
    ] as const) {
      const rpc = rig.open();
      rpc.send(input);
      await rpc.ended;
      expect(rpc.written.at(-1)).toMatchObject({ transcript: undefined, summary: undefined });
    }
    const last = rig.open();
    last.send({ type: 'no-input' });
    await last.ended;
    expect(last.written.at(-1)).toMatchObject({ transcript: 'all', summary: 'short' });
  });

  it('[check 86] [check 87] cuts sound into chunks of 100 bytes to 16 KB, the first one early', async () => {
    const { rpc } = await greet(
      botOf(async function* () {
        for (let index = 0; index < 301; index += 1)
          yield { type: 'audio', audio: new Uint8Array(160) };
        yield { type: 'audio', audio: new Uint8Array(100_000) };
        yield { type: 'audio', audio: new Uint8Array(7) };
      }),
    );
    await rpc.ended;
    const sizes = rpc.written.slice(0, -1).map(({ prompts }) => prompts[0]?.audio.length ?? 0);
    expect(sizes[0]).toBe(1_600);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(301 * 160 + 100_000 + 100);
  });

  it('sends the same message objects for the same phrase, so that it is encoded once', async () => {
    const rig = await createCallRig({ bot: botOf(() => [{ type: 'say', text: 'welcome' }]) });
    const written = [];
    for (const conversationId of ['a', 'b']) {
      const rpc = rig.open();
      rpc.send(SESSION_START, { conversationId });
      await rpc.ended;
      written.push(rpc.written[0]);
    }
    expect(written[0]).toBe(written[1]);
  });
});

describe('a bot that fails', () => {
  const apologyBytes = 4_000;

  it('[check 70] throws: the caller hears an apology and a FINAL, the operator gets the error', async () => {
    const { rig, rpc } = await greet(
      botOf(() => {
        throw new Error('caller said 1234');
      }),
    );
    await rpc.ended;
    expect(rpc.written[0]?.prompts[0]?.audio).toHaveLength(apologyBytes);
    expect(rpc.written.at(-1)).toMatchObject({ responseType: 'final', listen: {} });
    expect(rpc.end()).toBe('ok');
    const failure = rig.log.lines.find(({ fields }) => fields['event'] === 'bot.failed');
    expect(failure?.fields).toMatchObject({
      bot: 'test',
      kind: 'ERR_HANDLER_FAILED',
      error: 'Error',
    });
    expect(JSON.stringify(rig.log.lines)).not.toContain('1234');
  });

  it('[check 56] [check 57] is apologised for in the playback mode of the call', async () => {
    const bot = botOf(() => {
      throw new Error('no');
    });
    const { rpc } = await greet(bot, { playback: 'wav' });
    await rpc.ended;
    expect(rpc.written.map(({ responseType }) => responseType)).toEqual(['final']);
    const [apology] = rpc.written[0]?.prompts ?? [];
    expect(Buffer.from(apology?.audio ?? []).toString('latin1', 0, 4)).toBe('RIFF');
  });

  it('[check 71] hangs: the turn ends at its deadline with an apology', async () => {
    const { rig, rpc } = await greet(
      botOf(async function* () {
        await new Promise(() => undefined);
        yield { type: 'say', text: 'never' };
      }),
    );
    rig.clock.advance(29_999);
    await new Promise(setImmediate);
    expect(rpc.end()).toBeUndefined();
    rig.clock.advance(1);
    await rpc.ended;
    expect(rpc.written[0]?.prompts[0]?.audio).toHaveLength(apologyBytes);
    expect(
      rig.log.lines.find(({ fields }) => fields['event'] === 'bot.failed')?.fields,
    ).toMatchObject({ kind: 'ERR_HANDLER_TIMEOUT' });
  });

  it.each([
    ['sound that is no bytes', { type: 'audio', audio: 'RIFF' }],
    [
      '[check 88] a WAV file for a chunk',
      { type: 'audio', audio: Buffer.from('RIFF....WAVEfmt ') },
    ],
    ['a text that is none', { type: 'say', text: 7 }],
    ['an unknown output', { type: 'dance' }],
    ['nothing', undefined],
    ['a mode that does not exist', { type: 'listen', settings: { mode: 'telepathy' } }],
    [
      'a terminator of two keys',
      { type: 'listen', settings: { mode: 'digits', digits: { terminator: '##' } } },
    ],
    [
      'a negative timer',
      { type: 'listen', settings: { mode: 'voice', speech: { maxSpeechMs: -1 } } },
    ],
  ])('yields %s: an apology, no broken message', async (_what, output) => {
    const { rpc } = await greet(botOf(() => [output as unknown as BotOutput]));
    await rpc.ended;
    expect(rpc.end()).toBe('ok');
    expect(rpc.written.map(({ responseType }) => responseType)).toEqual(['chunk', 'final']);
    expect(rpc.written[0]?.prompts[0]?.audio).toHaveLength(apologyBytes);
  });

  it('never stops: it is asked for a minute ahead, and the answer is cut after ten minutes of sound', async () => {
    const { rig, rpc } = await greet(
      botOf(async function* () {
        for (;;) yield { type: 'audio', audio: new Uint8Array(60_000) };
      }),
    );
    const bytes = (): number =>
      rpc.written
        .flatMap(({ prompts }) => prompts)
        .reduce((sum, { audio }) => sum + audio.length, 0);
    await expect.poll(bytes).toBe(540_000);
    for (let second = 0; second < 600 && rpc.end() === undefined; second += 5) {
      rig.clock.advance(5_000);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    }
    await rpc.ended;
    expect(bytes()).toBeLessThanOrEqual(4_800_000 + apologyBytes);
    expect(bytes()).toBeGreaterThan(4_700_000);
    expect(rig.log.events()).toContain('bot.failed');
  });

  it('fails in one call and leaves the others alone', async () => {
    const rig = await createCallRig({
      bot: {
        name: 'moody',
        async *answer(call) {
          if (call.conversationId === 'bad') throw new Error('no');
          yield { type: 'say', text: 'fine' };
        },
      },
    });
    const lengths = await Promise.all(
      ['bad', 'good'].map(async (conversationId) => {
        const rpc = rig.open();
        rpc.send(SESSION_START, { conversationId });
        await rpc.ended;
        return rpc.written[0]?.prompts[0]?.audio.length;
      }),
    );
    expect(lengths).toEqual([apologyBytes, 'fine'.length * 160]);
  });
});

describe('a bot that is odd', () => {
  it('has answered, though its iterator cannot be wound up', async () => {
    const bot: BotHandler = {
      name: 'odd',
      answer: () => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: true as const, value: undefined }),
          return: (): never => {
            throw new Error('x');
          },
        }),
      }),
    };
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await rpc.ended;
    expect(rpc.written.map(({ responseType }) => responseType)).toEqual(['final']);
  });

  it('never stops, and makes no sound: the answer is cut, and nobody waits long', async () => {
    const bot: BotHandler = {
      name: 'endless',
      async *answer() {
        for (;;) yield { type: 'transcript', transcript: 'x' };
      },
    };
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await rpc.ended;
    expect(rpc.written.map(({ responseType }) => responseType)).toEqual(['chunk', 'final']);
    expect(rig.log.lines.at(-1)?.fields).toMatchObject({ kind: 'ERR_HANDLER_OUTPUT' });
  });
});
