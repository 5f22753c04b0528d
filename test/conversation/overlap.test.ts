import { describe, expect, it } from 'vitest';

import type { CallerInput } from '../../src/conversation/caller-input.ts';
import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import type { BotHandler, BotInput, BotOutput, BotTurn } from '../../src/handlers/bot-handler.ts';
import { SESSION_START, createCallRig, frames } from '../support/call-rig.ts';

const kinds = (outputs: readonly TurnOutput[]) =>
  outputs.map(({ responseType, event }) => event?.type ?? responseType);
const hear = (rpc: { send(input: ReturnType<typeof frames>[number]): void }, ms = 300): void => {
  for (const frame of [...frames('speech', ms), ...frames('silence', 600)]) rpc.send(frame);
};

/** A bot that speaks one sentence, then waits until it is called off. */
function slowBot(bargeIn: boolean) {
  const asked: { readonly input: BotInput; readonly turn: BotTurn }[] = [];
  const bot: BotHandler = {
    name: 'slow',
    async *answer(_call, input, turn): AsyncIterable<BotOutput> {
      asked.push({ input, turn });
      yield { type: 'say', text: 'a sentence of some length', bargeIn };
      if (asked.length === 1)
        await new Promise((resolve) => turn.signal.addEventListener('abort', resolve));
    },
  };
  return { bot, asked };
}

describe('overlapping RPCs of one call', () => {
  it('[check 58] are both open while the first still speaks', async () => {
    const { bot } = slowBot(true);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await expect.poll(() => first.written.length).toBe(1);
    const second = rig.open();
    for (const frame of frames('silence', 400)) second.send(frame);
    expect([first.end(), second.end()]).toEqual([undefined, undefined]);
    expect(second.written).toEqual([]);
  });

  it('[check 59] barge-in stops the old answer, and the new RPC gets its own', async () => {
    const { bot, asked } = slowBot(true);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await expect.poll(() => first.written.length).toBe(1);
    rig.clock.advance(200);
    const second = rig.open();
    hear(second);
    await Promise.all([first.ended, second.ended]);
    expect(asked[0]?.turn.signal.aborted).toBe(true);
    expect(kinds(first.written)).toEqual(['chunk', 'final']);
    expect(kinds(second.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
    expect(asked[1]?.turn.interrupted).toEqual({ heardMs: 200, heardText: 'a sentence' });
    expect([first.ends(), second.ends()]).toEqual([1, 1]);
  });

  it('[check 59] a key cuts the prompt as well', async () => {
    const { bot, asked } = slowBot(true);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await expect.poll(() => first.written.length).toBe(1);
    const second = rig.open();
    second.send({ type: 'start-of-digits' });
    await Promise.all([first.ended, second.ended]);
    expect(asked[0]?.turn.signal.aborted).toBe(true);
    expect(second.written).toEqual([]);
  });

  it('[check 60] ignores the caller while a prompt plays that must be heard to its end', async () => {
    const bot: BotHandler = {
      name: 'strict',
      async *answer() {
        yield { type: 'say', text: 'x'.repeat(100), bargeIn: false };
      },
    };
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await first.ended;
    const second = rig.open();
    hear(second);
    expect(second.written).toEqual([]);
    rig.clock.advance(2_001);
    hear(second);
    expect(kinds(second.written)).toEqual(['start-of-input', 'end-of-input']);
  });

  it('[check 58] never interleaves the sound of two RPCs', async () => {
    const { bot, asked } = slowBot(false);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await expect.poll(() => first.written.length).toBe(1);
    const second = rig.open();
    second.send({ type: 'digits', digits: '1' });
    second.turn.halfClose();
    await Promise.resolve();
    expect(asked).toHaveLength(1);
    first.turn.cancelled();
    await second.ended;
    expect(asked).toHaveLength(2);
    expect(kinds(second.written)).toEqual(['chunk', 'final']);
  });

  it('completes the older RPC that only listened, when its own end does not come', async () => {
    const { bot } = slowBot(true);
    const rig = await createCallRig({ bot });
    const older = rig.open();
    older.send(frames('silence', 20)[0] ?? SESSION_START);
    const newer = rig.open();
    newer.send(frames('silence', 20)[0] ?? SESSION_START);
    expect(older.end()).toBeUndefined();
    rig.clock.advance(5_000);
    expect(older.end()).toBe('ok');
    expect(newer.end()).toBeUndefined();
  });

  it('[check 79] two calls share neither sound nor state', async () => {
    const bot: BotHandler = {
      name: 'namer',
      async *answer(call, input) {
        if (input.type === 'digits') call.state['name'] = input.digits;
        yield { type: 'say', text: `hello ${String(call.state['name'])}` };
      },
    };
    const rig = await createCallRig({ bot });
    const ask = async (input: CallerInput, conversationId: string) => {
      const rpc = rig.open();
      rpc.send(input, { conversationId });
      rpc.turn.halfClose();
      await rpc.ended;
      return rpc.written[0]?.prompts[0]?.audio.length;
    };
    for (const digits of ['1', '22']) await ask({ type: 'digits', digits }, `call-${digits}`);
    const lengths = [];
    for (const digits of ['1', '22'])
      lengths.push(await ask({ type: 'no-input' }, `call-${digits}`));
    expect(lengths).toEqual(['hello 1'.length * 160, 'hello 22'.length * 160]);
  });
});

describe('a client that goes away', () => {
  it('[check 69] stops the bot at once and is never written to again', async () => {
    const { bot, asked } = slowBot(true);
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await expect.poll(() => rpc.written.length).toBe(1);
    rpc.turn.cancelled();
    expect(asked[0]?.turn.signal.aborted).toBe(true);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['chunk']);
    expect(rig.directory.size()).toBe(1);
  });

  it('[check 90] is waited for: no more is written while the writer is full', async () => {
    const bot: BotHandler = {
      name: 'flood',
      async *answer() {
        for (let index = 0; index < 50; index += 1)
          yield { type: 'audio', audio: new Uint8Array(8_000) };
      },
    };
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.stall();
    rpc.send(SESSION_START);
    await expect.poll(() => rpc.written.length).toBe(1);
    await new Promise(setImmediate);
    expect(rpc.written).toHaveLength(1);
    rpc.drain();
    await rpc.ended;
    expect(rpc.written).toHaveLength(51);
  });
});

/** A bot that speaks and waits for `release` in each answer. */
function heldBot(bargeIn: boolean) {
  const asked: BotInput[] = [];
  const releases: (() => void)[] = [];
  const bot: BotHandler = {
    name: 'held',
    async *answer(_call, input, turn): AsyncIterable<BotOutput> {
      asked.push(input);
      yield { type: 'say', text: 'a sentence of some length', bargeIn };
      await new Promise<void>((resolve) => {
        releases.push(resolve);
        turn.signal.addEventListener('abort', () => resolve());
      });
    },
  };
  return { bot, asked, releases };
}

describe('an RPC among others of its call', () => {
  it('[check 48] a second SESSION_START in the RPC that greets cuts nothing', async () => {
    const { bot, releases } = heldBot(true);
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await expect.poll(() => rpc.written.length).toBe(1);
    rpc.send(SESSION_START);
    expect(rpc.end()).toBeUndefined();
    await expect.poll(() => releases.length).toBe(1);
    releases[0]?.();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['chunk', 'final']);
  });

  it('[check 49] [check 54] a key in the RPC that speaks cuts the prompt and closes it with a FINAL', async () => {
    const { bot } = heldBot(true);
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await expect.poll(() => rpc.written.length).toBe(1);
    rpc.send({ type: 'start-of-digits' });
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['chunk', 'final']);
    expect(rpc.ends()).toBe(1);
  });

  it('[check 60] a key in the RPC that says what must be heard cuts nothing', async () => {
    const { bot } = heldBot(false);
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await expect.poll(() => rpc.written.length).toBe(1);
    rpc.send({ type: 'start-of-digits' });
    expect(rpc.end()).toBeUndefined();
  });

  it('[check 58] the half-close of the older RPC does not take the utterance of the newer one', async () => {
    const { bot } = heldBot(true);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    for (const frame of frames('silence', 200)) first.send(frame);
    const second = rig.open();
    for (const frame of frames('speech', 300)) second.send(frame);
    first.turn.halfClose();
    expect(kinds(first.written)).toEqual(['final']);
    for (const frame of frames('silence', 600)) second.send(frame);
    await expect
      .poll(() => kinds(second.written))
      .toEqual(['start-of-input', 'end-of-input', 'chunk']);
  });

  it('[check 52] speech that a cancelled RPC had begun is not ended in the next one', async () => {
    const { bot } = heldBot(true);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    for (const frame of frames('speech', 300)) first.send(frame);
    first.turn.cancelled();
    const second = rig.open();
    for (const frame of frames('silence', 1_000)) second.send(frame);
    expect(kinds(second.written)).toEqual([]);
  });

  it('[check 59] barge-in stops the answer that is heard, and the bot still learns of the input that waited', async () => {
    const { bot, asked } = heldBot(true);
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await expect.poll(() => first.written.length).toBe(1);
    const waiting = rig.open();
    waiting.send({ type: 'custom-event', name: 'x', parameters: {} });
    const third = rig.open();
    for (const frame of frames('speech', 300)) third.send(frame);
    await first.ended;
    expect(kinds(first.written)).toEqual(['chunk', 'final']);
    await expect.poll(() => asked.length).toBe(2);
  });

  it('[check 64] may be the one that hangs up, however many are open', async () => {
    const { bot } = heldBot(true);
    const rig = await createCallRig({ bot });
    const open = Array.from({ length: 8 }, () => rig.open());
    for (const rpc of open) for (const frame of frames('silence', 20)) rpc.send(frame);
    for (const frame of frames('silence', 20))
      expect(() => rig.open().send(frame)).toThrow('too many open streams');
    const last = rig.open();
    last.send({ type: 'session-end' });
    expect(rig.directory.size()).toBe(0);
    expect([...open, last].map((rpc) => [rpc.end(), rpc.ends()])).toEqual(
      Array.from({ length: 9 }, () => ['ok', 1]),
    );
  });
});
