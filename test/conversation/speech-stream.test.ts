import { describe, expect, it } from 'vitest';

import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import type { BotHandler, BotInput, BotOutput, BotTurn } from '../../src/handlers/bot-handler.ts';
import { type RigOptions, SESSION_START, createCallRig, frames } from '../support/call-rig.ts';

const kinds = (outputs: readonly TurnOutput[]) =>
  outputs.map(({ responseType, event }) => event?.type ?? responseType);
type Rpc = ReturnType<Awaited<ReturnType<typeof createCallRig>>['open']>;
const speak = (rpc: Rpc, ms: number): void =>
  frames('speech', ms).forEach((frame) => rpc.send(frame));
const pause = (rpc: Rpc, ms: number): void =>
  frames('silence', ms).forEach((frame) => rpc.send(frame));
/** Lets everything that is due in this moment happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A bot that hears streams and tells what it heard; `speakAfterMs` makes it cut in. */
function listener(speakAfterMs = Infinity) {
  const heard: { bytes: number; hasEnded: boolean; turn: BotTurn; input: BotInput }[] = [];
  const bot: BotHandler = {
    name: 'listener',
    hears: 'streams',
    async *answer(_call, input, turn): AsyncIterable<BotOutput> {
      if (input.type !== 'speech-stream') {
        heard.push({ bytes: 0, hasEnded: true, turn, input });
        yield { type: 'say', text: 'hello there' };
        return;
      }
      const entry = { bytes: 0, hasEnded: false, turn, input };
      heard.push(entry);
      for await (const piece of input.audio) {
        entry.bytes += piece.length;
        if (entry.bytes / 8 >= speakAfterMs) break;
      }
      entry.hasEnded = true;
      yield { type: 'say', text: 'understood' };
    },
  };
  return { bot, heard };
}

async function startCall(options: RigOptions) {
  const rig = await createCallRig(options);
  const first = rig.open();
  first.send(SESSION_START);
  first.turn.halfClose();
  await first.ended;
  rig.clock.advance(60_000);
  return rig;
}

describe('a bot that hears streams', () => {
  it('hears the caller from before the onset, while the caller speaks', async () => {
    const { bot, heard } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    pause(rpc, 100);
    speak(rpc, 500);
    await settle();
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    expect(heard[1]).toMatchObject({ hasEnded: false });
    expect(heard[1]?.bytes).toBeGreaterThanOrEqual(500 * 8);
    pause(rpc, 600);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
    expect(heard[1]?.hasEnded).toBe(true);
    expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
  });

  it('[check 53] ends the input of the caller by speaking', async () => {
    const { bot } = listener(400);
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 600);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
    speak(rpc, 600);
    expect(rpc.written).toHaveLength(4);
  });

  it('[check 53] says END_OF_INPUT with the first sound where the agent is set to', async () => {
    const { bot } = listener();
    const rig = await startCall({ bot, agent: { endOfInput: 'at-first-audio' } });
    const rpc = rig.open();
    speak(rpc, 300);
    pause(rpc, 600);
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
  });

  it('is not late while the caller speaks, and is from then on', async () => {
    const bot: BotHandler = {
      name: 'deaf',
      hears: 'streams',
      async *answer(_call, input) {
        if (input.type !== 'speech-stream') yield { type: 'say', text: 'hello there' };
        else await new Promise(() => undefined);
      },
    };
    const patience = { answerTimeoutMs: 2_000, firstAudioTimeoutMs: 5_000, filler: undefined };
    const rig = await startCall({ bot, agent: { patience } });
    const rpc = rig.open();
    speak(rpc, 300);
    rig.clock.advance(8_000);
    speak(rpc, 300);
    await settle();
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    pause(rpc, 600);
    rig.clock.advance(1_999);
    await settle();
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input']);
    rig.clock.advance(1);
    await rpc.ended;
    expect(rpc.written[2]?.prompts[0]?.audio).toEqual(rig.agent.apology);
  });

  it('[check 92] is called off without a word when the caller presses a key instead', async () => {
    const { bot, heard } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 300);
    await settle();
    rpc.send({ type: 'start-of-digits' });
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    expect(heard[1]?.turn.signal.reason).toBe('withdrawn');
    const digits = rig.open();
    digits.send({ type: 'digits', digits: '42' });
    digits.turn.halfClose();
    await digits.ended;
    expect(heard[2]?.input).toMatchObject({ type: 'digits', digits: '42' });
    expect(kinds(digits.written)).toEqual(['chunk', 'final']);
  });

  it('gets the digits of the same RPC after it was called off', async () => {
    const { bot, heard } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 300);
    await settle();
    rpc.send({ type: 'digits', digits: '7' });
    rpc.turn.halfClose();
    await rpc.ended;
    expect(heard[2]?.input).toMatchObject({ type: 'digits', digits: '7' });
    expect([kinds(rpc.written), rpc.ends()]).toEqual([['start-of-input', 'chunk', 'final'], 1]);
  });

  it('[check 69] hears at once that the caller has hung up', async () => {
    const { bot, heard } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 300);
    await settle();
    rpc.turn.cancelled();
    await settle();
    expect(heard[1]?.turn.signal.reason).toBe('cancelled');
    expect(rpc.ends()).toBeLessThanOrEqual(1);
  });

  it('[check 50] hears the end when the client closes its side in the middle of a word', async () => {
    const { bot } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 300);
    rpc.turn.halfClose();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
  });

  it('hears the end when a newer RPC takes over', async () => {
    const { bot, heard } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 300);
    const next = rig.open();
    pause(next, 100);
    await rpc.ended;
    expect(heard[1]?.hasEnded).toBe(true);
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
    next.turn.cancelled();
  });

  it('[check 65] is called off when SESSION_END comes while the caller speaks', async () => {
    const { bot, heard } = listener();
    const rig = await startCall({ bot });
    const rpc = rig.open();
    speak(rpc, 300);
    await settle();
    rpc.send({ type: 'session-end' });
    await rpc.ended;
    expect(heard[1]?.turn.signal.reason).toBe('ended');
    expect(rpc.written.flatMap(({ prompts }) => prompts)).toEqual([]);
    expect(rig.directory.size()).toBe(0);
  });
});

describe('an interruption that was none', () => {
  it.each(['at-silence', 'at-first-audio'] as const)(
    'lets the prompt go on though the bot was listening already, with END_OF_INPUT %s',
    async (endOfInput) => {
      const { bot, heard } = listener();
      const rig = await createCallRig({
        bot,
        agent: {
          endOfInput,
          bargeIn: { by: 'either', protectMs: 0, onsetMs: 0, minSpeechMs: 400 },
        },
      });
      const first = rig.open();
      first.send(SESSION_START);
      first.turn.halfClose();
      await first.ended;
      rig.clock.advance(20);
      const rpc = rig.open();
      speak(rpc, 200);
      await settle();
      pause(rpc, 600);
      await rpc.ended;
      expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
      expect(heard[1]?.turn.signal.reason).toBe('withdrawn');
      expect(rig.moments.at(-1)).toMatchObject({ type: 'answer-ended', outcome: 'resumed' });
      expect([rpc.end(), rpc.ends()]).toEqual(['ok', 1]);
    },
  );
});
