import { describe, expect, it } from 'vitest';

import type { BotHandler, BotInput, BotOutput } from '../../src/handlers/bot-handler.ts';
import type { DigitSettings } from '../../src/handlers/listen-settings.ts';
import { SESSION_START, createCallRig, frames } from '../support/call-rig.ts';

async function listeningFor(digits: DigitSettings, sensitive = false) {
  const inputs: BotInput[] = [];
  const bot: BotHandler = {
    name: 'keys',
    async *answer(_call, input) {
      inputs.push(input);
      yield { type: 'listen', settings: { mode: 'voice-and-digits', digits, sensitive } };
    },
  };
  const rig = await createCallRig({ bot });
  const start = rig.open();
  start.send(SESSION_START);
  await start.ended;
  inputs.length = 0;
  return { rig, inputs, rpc: rig.open() };
}

describe('keypad digits', () => {
  it('[check 91] START_OF_DTMF completes with no message', async () => {
    const { rpc } = await listeningFor({});
    rpc.send({ type: 'start-of-digits' });
    expect(rpc.written).toEqual([]);
    expect(rpc.end()).toBe('ok');
  });

  it('[check 92] START_OF_DTMF after silence in the same RPC completes it as well', async () => {
    const { rpc } = await listeningFor({});
    for (const frame of frames('silence', 200)) rpc.send(frame);
    rpc.send({ type: 'start-of-digits' });
    rpc.turn.halfClose();
    expect(rpc.written).toEqual([]);
    expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
  });

  it('[check 92] the RPC that listened completes with no message when the digits overtake START_OF_DTMF', async () => {
    const { rig, rpc } = await listeningFor({ maxLength: 1 });
    for (const frame of frames('silence', 200)) rpc.send(frame);
    const digits = rig.open();
    digits.send({ type: 'digits', digits: '1' });
    rpc.send({ type: 'start-of-digits' });
    rpc.turn.halfClose();
    await digits.ended;
    expect([rpc.written, rpc.end(), rpc.ends()]).toEqual([[], 'ok', 1]);
    expect(digits.end()).toBe('ok');
  });

  it('[check 93] come in order, without the trailing terminator', async () => {
    const { rpc, inputs } = await listeningFor({ terminator: '#', maxLength: 8 });
    rpc.send({ type: 'digits', digits: '120*9#' });
    rpc.turn.halfClose();
    await rpc.ended;
    expect(inputs).toMatchObject([{ type: 'digits', digits: '120*9' }]);
  });

  it('[check 94] an empty list is no input', async () => {
    for (const digits of ['', '#']) {
      const { rpc, inputs } = await listeningFor({ terminator: '#' });
      rpc.send({ type: 'digits', digits });
      rpc.turn.halfClose();
      await rpc.ended;
      expect(inputs).toEqual([{ type: 'no-input' }]);
    }
  });

  it('end at their length, without waiting for the half-close', async () => {
    const { rpc, inputs } = await listeningFor({ maxLength: 3 });
    rpc.send({ type: 'digits', digits: '12' });
    expect(inputs).toEqual([]);
    rpc.send({ type: 'digits', digits: '34' });
    await rpc.ended;
    expect(inputs).toMatchObject([{ digits: '123' }]);
  });

  it('end when the next one is late', async () => {
    const { rig, rpc, inputs } = await listeningFor({ interDigitTimeoutMs: 2_000 });
    rpc.send({ type: 'digits', digits: '1' });
    rig.clock.advance(1_999);
    rpc.send({ type: 'digits', digits: '2' });
    rig.clock.advance(1_999);
    expect(inputs).toEqual([]);
    rig.clock.advance(1);
    await rpc.ended;
    expect(inputs).toMatchObject([{ digits: '12' }]);
  });

  it('stop their timer when the client goes away', async () => {
    const { rig, rpc, inputs } = await listeningFor({});
    rpc.send({ type: 'digits', digits: '1' });
    rpc.turn.cancelled();
    rig.clock.advance(60_000);
    await new Promise(setImmediate);
    expect(inputs).toEqual([]);
  });

  it('are marked sensitive when the last response asked for it', async () => {
    const { rpc, inputs, rig } = await listeningFor({}, true);
    rpc.send({ type: 'digits', digits: '998877' });
    rpc.turn.halfClose();
    await rpc.ended;
    expect(inputs).toMatchObject([{ sensitive: true }]);
    expect(JSON.stringify(rig.log.lines)).not.toContain('998877');
  });
});

describe('digits beside other input', () => {
  it('[check 92] are kept when START_OF_DTMF comes after them', async () => {
    const { rpc, inputs } = await listeningFor({});
    rpc.send({ type: 'digits', digits: '12' });
    rpc.send({ type: 'start-of-digits' });
    rpc.turn.halfClose();
    await rpc.ended;
    expect(inputs).toMatchObject([{ type: 'digits', digits: '12' }]);
  });

  it('[check 60] that wait behind what must be heard are not lost to speech', async () => {
    const asked: BotInput[] = [];
    let release = (): void => undefined;
    const bot: BotHandler = {
      name: 'b',
      async *answer(_c, input): AsyncIterable<BotOutput> {
        asked.push(input);
        if (asked.length > 1) return;
        yield { type: 'end', name: '', metadata: {} };
        await new Promise<void>((resolve) => (release = resolve));
        throw new Error('so that the call goes on');
      },
    };
    const rig = await createCallRig({ bot });
    const first = rig.open();
    first.send(SESSION_START);
    await expect.poll(() => asked.length).toBe(1);
    const digits = rig.open();
    digits.send({ type: 'digits', digits: '1' });
    digits.turn.halfClose();
    const third = rig.open();
    for (const frame of frames('speech', 300)) third.send(frame);
    expect(third.written).toEqual([]);
    release();
    await digits.ended;
    expect(asked[1]).toMatchObject({ type: 'digits', digits: '1' });
  });
});
