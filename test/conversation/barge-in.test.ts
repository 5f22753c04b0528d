import { describe, expect, it } from 'vitest';

import type { BargeInSettings } from '../../src/conversation/barge-in.ts';
import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import type {
  BargeIn,
  BotHandler,
  BotInput,
  BotOutput,
  BotTurn,
} from '../../src/handlers/bot-handler.ts';
import { SESSION_START, createCallRig, frames } from '../support/call-rig.ts';

const kinds = (outputs: readonly TurnOutput[]) =>
  outputs.map(({ responseType, event }) => event?.type ?? responseType);
const audioOf = (outputs: readonly TurnOutput[]): Buffer =>
  Buffer.concat(outputs.flatMap(({ prompts }) => prompts.map(({ audio }) => audio)));

/** Greets with one second in which every 20 ms sounds another way; says "yes" to everything else. */
function talker(bargeIn?: BargeIn) {
  const asked: { readonly input: BotInput; readonly turn: BotTurn }[] = [];
  const greeting = Uint8Array.from({ length: 8_000 }, (_, index) => Math.floor(index / 160));
  const bot: BotHandler = {
    name: 'talker',
    async *answer(_call, input, turn): AsyncIterable<BotOutput> {
      asked.push({ input, turn });
      if (input.type === 'start')
        yield {
          type: 'audio',
          audio: greeting,
          text: 'one two three four',
          ...(bargeIn !== undefined && { bargeIn }),
        };
      else yield { type: 'say', text: 'yes' };
    },
  };
  return { bot, asked, greeting };
}

const SETTINGS: BargeInSettings = { by: 'either', protectMs: 0, onsetMs: 0, minSpeechMs: 0 };

/** A call whose greeting has been sent and plays since `playedMs`. */
async function greet(
  options: { bargeIn?: BargeIn; settings?: Partial<BargeInSettings>; texts?: readonly string[] },
  playedMs: number,
) {
  const { bot, asked, greeting } = talker(options.bargeIn);
  const rig = await createCallRig({
    bot,
    agent: { bargeIn: { ...SETTINGS, ...options.settings } },
    ...(options.texts && { recogniser: options.texts }),
  });
  const first = rig.open();
  first.send(SESSION_START);
  first.turn.halfClose();
  await first.ended;
  rig.clock.advance(playedMs);
  const rpc = rig.open();
  const say = (kind: 'speech' | 'silence', ms: number): void => {
    for (const frame of frames(kind, ms)) {
      rpc.send(frame);
      rig.clock.advance(20);
    }
  };
  return { rig, first, rpc, say, asked, greeting };
}

describe('what may cut a prompt short', () => {
  it.each([
    ['either', 'speech', true],
    ['speech', 'speech', true],
    ['digits', 'speech', false],
    ['none', 'speech', false],
    [false, 'speech', false],
    [true, 'speech', true],
    ['either', 'digits', true],
    ['speech', 'digits', false],
    ['digits', 'digits', true],
    ['none', 'digits', false],
  ] as const)('[check 60] a prompt open to %s, met by %s: %s', async (bargeIn, by, cuts) => {
    const { rig, rpc, say } = await greet({ bargeIn }, 100);
    if (by === 'speech') say('speech', 200);
    else rpc.send({ type: 'start-of-digits' });
    const interruptions = rig.moments.filter(({ type }) => type === 'interrupted');
    expect(interruptions).toHaveLength(cuts ? 1 : 0);
    if (by === 'speech') expect(rpc.written).toHaveLength(cuts ? 1 : 0);
  });

  it('tells Webex that a prompt can be interrupted whenever anything may do so', async () => {
    for (const [bargeIn, flag] of [
      ['either', true],
      ['speech', true],
      ['digits', true],
      ['none', false],
    ] as const) {
      const { first } = await greet({ bargeIn }, 0);
      expect(first.written[0]?.prompts[0]?.bargeIn).toBe(flag);
    }
  });

  it('goes by what the agent is set to when the bot does not say', async () => {
    const { rpc, say } = await greet({ settings: { by: 'digits' } }, 100);
    say('speech', 200);
    expect(rpc.written).toEqual([]);
  });

  it('protects the first words, and hears who is still speaking after them', async () => {
    const { rpc, say, rig } = await greet({ settings: { protectMs: 400 } }, 100);
    say('speech', 300);
    expect(rpc.written).toEqual([]);
    say('speech', 120);
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    expect(rig.moments.findLast(({ type }) => type === 'interrupted')).toMatchObject({
      heardMs: 480,
    });
  });
});

describe('an interruption that was none', () => {
  it('is one that ends before it counts: the prompt plays on, and nobody is asked', async () => {
    const { rpc, say, asked, rig } = await greet({ settings: { onsetMs: 300 } }, 100);
    say('speech', 200);
    say('silence', 600);
    expect(rpc.written).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(rig.moments.filter(({ type }) => type === 'interrupted')).toEqual([]);
  });

  it('becomes one when the caller goes on', async () => {
    const { rpc, say, asked } = await greet({ settings: { onsetMs: 300 } }, 100);
    say('speech', 320);
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
    say('silence', 500);
    await rpc.ended;
    expect(asked[1]?.turn.interrupted).toEqual({ heardMs: 380, heardText: 'one' });
  });

  it('needs no longer onset once the prompt has ended', async () => {
    const { rpc, say } = await greet({ settings: { onsetMs: 300 } }, 1_000);
    say('speech', 120);
    expect(kinds(rpc.written)).toEqual(['start-of-input']);
  });

  it('with too little speech lets the prompt go on where it was cut', async () => {
    const { rpc, say, asked, greeting, first } = await greet(
      { settings: { minSpeechMs: 400 } },
      100,
    );
    say('speech', 200);
    say('silence', 600);
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['start-of-input', 'end-of-input', 'chunk', 'final']);
    expect(asked).toHaveLength(1);
    // Heard until START_OF_INPUT, which came after 100 ms of speech.
    const heardBytes = (100 + 80) * 8;
    expect(audioOf(rpc.written)).toEqual(Buffer.from(greeting.subarray(heardBytes)));
    expect(rpc.written.at(-1)?.listen).toEqual(first.written.at(-1)?.listen);
  });

  it('in which a recogniser finds no word lets the prompt go on', async () => {
    const { rpc, say, asked, rig } = await greet({ texts: [''] }, 100);
    say('speech', 300);
    say('silence', 600);
    await rpc.ended;
    expect(asked).toHaveLength(1);
    expect(rig.moments.at(-1)).toMatchObject({ type: 'answer-ended', outcome: 'resumed' });
    expect(audioOf(rpc.written).length).toBeGreaterThan(6_000);
  });

  it('is one when the recogniser finds a word', async () => {
    const { rpc, say, asked } = await greet({ texts: ['stop it'] }, 100);
    say('speech', 300);
    say('silence', 600);
    await rpc.ended;
    expect(asked[1]?.input).toMatchObject({ type: 'speech', text: 'stop it' });
    expect(asked[1]?.turn.interrupted).toMatchObject({ heardMs: 180 });
  });
});

describe('a recogniser', () => {
  it('that fails does not keep the bot from being asked', async () => {
    const { bot, asked } = talker();
    const rig = await createCallRig({
      bot,
      agent: {
        recogniser: {
          name: 'broken',
          recognise: async () => {
            throw new Error('the secret text of the caller');
          },
          close: async () => undefined,
        },
      },
    });
    const rpc = rig.open();
    for (const frame of [...frames('speech', 300), ...frames('silence', 600)]) rpc.send(frame);
    await rpc.ended;
    expect(asked[0]?.input).toMatchObject({ type: 'speech', text: '' });
    expect(rig.log.events()).toContain('speech.failed');
    expect(JSON.stringify(rig.log.lines)).not.toContain('secret');
  });

  it('is called off when the caller hangs up', async () => {
    let signal: AbortSignal | undefined;
    const { bot } = talker();
    const rig = await createCallRig({
      bot,
      agent: {
        recogniser: {
          name: 'slow',
          recognise: (_audio, _request, given) => {
            signal = given;
            return new Promise(() => undefined);
          },
          close: async () => undefined,
        },
      },
    });
    const rpc = rig.open();
    for (const frame of frames('speech', 300)) rpc.send(frame);
    expect(signal?.aborted).toBe(false);
    rpc.turn.cancelled();
    expect(signal?.aborted).toBe(true);
  });
});

describe('a key that is heard in the sound', () => {
  it('counts like one that Webex sends', async () => {
    const { bot, asked } = talker();
    let frame = 0;
    const rig = await createCallRig({
      bot,
      agent: { inBandDigits: true },
      keys: () => ({
        push: () => (++frame % 10 === 0 ? '4' : undefined),
        isKeyHeard: false,
      }),
    });
    const rpc = rig.open();
    for (const sound of frames('silence', 400)) rpc.send(sound);
    rig.clock.advance(3_000);
    await rpc.ended;
    expect(asked[0]?.input).toMatchObject({ type: 'digits', digits: '44' });
  });
});
