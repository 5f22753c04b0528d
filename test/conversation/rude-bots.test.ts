import { describe, expect, it } from 'vitest';

import type { BotHandler, BotOutput } from '../../src/handlers/bot-handler.ts';
import { SESSION_START, createCallRig } from '../support/call-rig.ts';

const botOf = (answer: () => AsyncIterable<BotOutput>): BotHandler => ({ name: 'rude', answer });

describe('a rude bot', () => {
  it('that never waits for anything lets others have their turn', async () => {
    let pieces = 0;
    const rig = await createCallRig({
      bot: botOf(async function* flood() {
        for (;;) {
          pieces += 1;
          yield { type: 'audio', audio: new Uint8Array(0) };
        }
      }),
    });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pieces).toBeGreaterThan(0);
    expect(pieces).toBeLessThan(200);
    rpc.turn.cancelled();
  });

  it('whose WAV file ends within its heading is a failure, not silence', async () => {
    const rig = await createCallRig({
      bot: botOf(async function* broken() {
        yield { type: 'audio', audio: Buffer.from('RIFF, but nothing of it'), format: 'wav' };
      }),
    });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    rpc.turn.halfClose();
    await rpc.ended;
    const heard = rpc.written.flatMap(({ prompts }) => prompts.map(({ audio }) => audio.length));
    expect(heard).toEqual([4_000, 0]);
    expect(rig.moments).toContainEqual(
      expect.objectContaining({ type: 'bot-failed', kind: 'ERR_HANDLER_OUTPUT' }),
    );
  });
});

describe('an answer that is cut short', () => {
  it('tells how long it took to stop', async () => {
    const rig = await createCallRig({
      bot: botOf(async function* talk() {
        yield { type: 'audio', audio: new Uint8Array(8_000).fill(0x42) };
        await new Promise(() => undefined);
      }),
    });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    await new Promise((resolve) => setImmediate(resolve));
    const next = rig.open();
    next.send({ type: 'start-of-digits' });
    await rpc.ended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.moments).toContainEqual(
      expect.objectContaining({ type: 'answer-ended', outcome: 'interrupted', silencedAfterMs: 0 }),
    );
    const { values } = await rig.metrics.bargeInStopSeconds.get();
    expect(values.find(({ metricName }) => metricName?.endsWith('_count'))?.value).toBe(1);
  });
});
