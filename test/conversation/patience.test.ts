import { describe, expect, it } from 'vitest';

import type { Agent } from '../../src/conversation/agent.ts';
import type { TurnOutput } from '../../src/conversation/turn-output.ts';
import type { BotHandler, BotOutput } from '../../src/handlers/bot-handler.ts';
import { SESSION_START, createCallRig } from '../support/call-rig.ts';

const kinds = (outputs: readonly TurnOutput[]) =>
  outputs.map(({ responseType, event }) => event?.type ?? responseType);
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const filler = { audio: new Uint8Array(4_000).fill(0x33), afterMs: 1_000, times: 2 };
const PATIENCE = { answerTimeoutMs: 30_000, firstAudioTimeoutMs: 20_000, filler };

/** A bot that gives its outputs one by one, each when `next` is called. */
function handBot(outputs: readonly BotOutput[] = [{ type: 'say', text: 'there you are' }]) {
  const waiting: (() => void)[] = [];
  const bot: BotHandler = {
    name: 'hand',
    async *answer(_call, _input, { signal }) {
      for (const output of outputs) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        yield output;
      }
    },
  };
  return {
    bot,
    async next() {
      waiting.shift()?.();
      await settle();
    },
  };
}

async function ask(agent: Partial<Agent>, bot: BotHandler, allowPartialResponses = false) {
  const rig = await createCallRig({ bot, agent: { patience: PATIENCE, ...agent } });
  const rpc = rig.open();
  rpc.send(SESSION_START, { allowPartialResponses });
  rpc.turn.halfClose();
  await settle();
  const wait = async (ms: number): Promise<void> => {
    rig.clock.advance(ms);
    await settle();
  };
  return { rig, rpc, wait };
}

describe('a caller whose bot is late', () => {
  it('hears a filler, and another after as much silence, and no more than that', async () => {
    const { rpc, wait } = await ask({}, handBot().bot);
    await wait(999);
    expect(rpc.written).toEqual([]);
    await wait(1);
    expect(rpc.written.map(({ prompts }) => prompts[0]?.audio)).toEqual([filler.audio]);
    await wait(1_499);
    expect(rpc.written).toHaveLength(1);
    await wait(1);
    expect(rpc.written).toHaveLength(2);
    await wait(10_000);
    expect(rpc.written).toHaveLength(2);
  });

  it('hears the answer behind it, and no filler after that', async () => {
    const hand = handBot([
      { type: 'say', text: 'there you are' },
      { type: 'say', text: 'and so on' },
    ]);
    const { rpc, wait, rig } = await ask({}, hand.bot);
    await wait(1_000);
    await hand.next();
    await wait(5_000);
    await hand.next();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['chunk', 'chunk', 'chunk', 'final']);
    expect(rig.moments.map(({ type }) => type)).toEqual([
      'call-started',
      'asked',
      'filler',
      'bot-answered',
      'first-audio',
      'answer-ended',
    ]);
    expect(rig.clock.pending()).toBe(1);
  });

  it('[check 73] hears it in a WAV answer only as a PARTIAL, and only where that is allowed', async () => {
    const hand = handBot();
    const { rpc, wait } = await ask({ playback: 'wav' }, hand.bot, true);
    await wait(1_000);
    await hand.next();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['partial', 'final']);
    expect(Buffer.from(rpc.written[0]?.prompts[0]?.audio ?? []).toString('latin1', 0, 4)).toBe(
      'RIFF',
    );
    const other = handBot();
    const second = await ask({ playback: 'wav' }, other.bot);
    await second.wait(1_000);
    await other.next();
    await second.rpc.ended;
    expect(kinds(second.rpc.written)).toEqual(['final']);
  });

  it('[check 71] hears an apology when no sound comes in time, whatever else the bot does', async () => {
    const listen: BotOutput = { type: 'listen', settings: { mode: 'voice' } };
    const hand = handBot([listen, listen, listen]);
    const { rpc, wait, rig } = await ask({}, hand.bot);
    for (const _ of [1, 2]) {
      await wait(9_000);
      await hand.next();
    }
    expect(rpc.end()).toBeUndefined();
    await wait(2_000);
    await rpc.ended;
    expect(rpc.written.at(-2)?.prompts[0]?.audio).toEqual(rig.agent.apology);
    expect(rpc.end()).toBe('ok');
  });
});

describe('a bot that fails again and again', () => {
  const broken: BotHandler = {
    name: 'broken',
    // eslint-disable-next-line require-yield -- It throws before it can.
    async *answer() {
      throw new Error('no');
    },
  };

  async function failTimes(action: Agent['fallback']['action'], times: number) {
    const farewell = new Uint8Array(4_800).fill(0x57);
    const rig = await createCallRig({
      bot: broken,
      agent: { fallback: { attempts: 3, action, farewell } },
    });
    const rpcs = [];
    for (let index = 0; index < times; index++) {
      const rpc = rig.open();
      rpc.send(index === 0 ? SESSION_START : { type: 'no-input' });
      rpc.turn.halfClose();
      await rpc.ended;
      rpcs.push(rpc);
    }
    return { rig, last: rpcs.at(-1), rpcs, farewell };
  }

  it('[check 61] [check 70] [check 75] hands the caller to a human the third time', async () => {
    const { rig, last, farewell, rpcs } = await failTimes('transfer', 3);
    expect(kinds(rpcs[1]?.written ?? [])).toEqual(['chunk', 'final']);
    expect(kinds(last?.written ?? [])).toEqual(['chunk', 'transfer-to-agent']);
    expect(last?.written[0]?.prompts[0]).toEqual({ audio: farewell, bargeIn: false });
    expect(last?.written[1]?.listen).toBeUndefined();
    expect([last?.end(), last?.ends(), rig.directory.size()]).toEqual(['ok', 1, 0]);
  });

  it('[check 70] ends the call politely where the agent is set to', async () => {
    const { rig, last } = await failTimes('end', 3);
    expect(kinds(last?.written ?? [])).toEqual(['chunk', 'session-end']);
    expect(rig.directory.size()).toBe(0);
  });

  it('[check 70] goes on apologising where the agent is set to', async () => {
    const { rig, last } = await failTimes('listen', 5);
    expect(kinds(last?.written ?? [])).toEqual(['chunk', 'final']);
    expect(rig.directory.size()).toBe(1);
  });

  it('is forgiven with its next answer', async () => {
    let count = 0;
    const moody: BotHandler = {
      name: 'moody',
      async *answer() {
        count += 1;
        if (count % 3 !== 0) throw new Error('no');
        yield { type: 'say', text: 'yes' } as const;
      },
    };
    const rig = await createCallRig({
      bot: moody,
      agent: { fallback: { attempts: 3, action: 'end', farewell: new Uint8Array(4_800) } },
    });
    for (let index = 0; index < 9; index++) {
      const rpc = rig.open();
      rpc.send(index === 0 ? SESSION_START : { type: 'no-input' });
      rpc.turn.halfClose();
      await rpc.ended;
    }
    expect(rig.directory.size()).toBe(1);
  });
});

describe('sound of any format', () => {
  const sine = (sampleRateHz: number, ms: number): Uint8Array => {
    const samples = Int16Array.from({ length: (sampleRateHz * ms) / 1_000 }, (_, index) =>
      Math.round(8_000 * Math.sin((2 * Math.PI * 440 * index) / sampleRateHz)),
    );
    return new Uint8Array(samples.buffer);
  };

  it('[check 85] is played as µ-law, cut anywhere, as long as it was', async () => {
    const sound = sine(24_000, 1_000);
    const bot: BotHandler = {
      name: 'wideband',
      async *answer() {
        for (let at = 0; at < sound.length; at += 1_111)
          yield {
            type: 'audio',
            audio: sound.subarray(at, at + 1_111),
            format: { encoding: 'linear16', sampleRateHz: 24_000 },
          };
      },
    };
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    rpc.turn.halfClose();
    await rpc.ended;
    const bytes = rpc.written.flatMap(({ prompts }) => prompts.map(({ audio }) => audio.length));
    expect(bytes.reduce((sum, length) => sum + length)).toBeGreaterThan(7_900);
    expect(bytes.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(8_100);
  });

  it('that cannot be converted is a failure of the bot', async () => {
    const bot: BotHandler = {
      name: 'odd',
      async *answer() {
        yield {
          type: 'audio',
          audio: new Uint8Array(100),
          format: { encoding: 'linear16', sampleRateHz: 1 },
        };
      },
    };
    const rig = await createCallRig({ bot });
    const rpc = rig.open();
    rpc.send(SESSION_START);
    rpc.turn.halfClose();
    await rpc.ended;
    expect(rpc.written[0]?.prompts[0]?.audio).toEqual(rig.agent.apology);
    expect(rig.log.lines.at(-1)?.fields).toMatchObject({ kind: 'ERR_HANDLER_OUTPUT' });
  });
});

describe('last words', () => {
  it.each(['chunk', 'wav'] as const)(
    '[check 61] of a %s answer cannot be interrupted, wherever the bot yields the ending',
    async (playback) => {
      const bot: BotHandler = {
        name: 'polite',
        async *answer() {
          yield { type: 'say', text: 'goodbye and thank you' } as const;
          yield { type: 'end', name: '', metadata: {} } as const;
        },
      };
      const rig = await createCallRig({ bot, agent: { playback } });
      const rpc = rig.open();
      rpc.send(SESSION_START);
      rpc.turn.halfClose();
      await rpc.ended;
      expect(rpc.written.at(-1)?.event?.type).toBe('session-end');
      expect(rpc.written.at(-1)?.prompts.map(({ bargeIn }) => bargeIn)).toEqual([false]);
    },
  );
});

describe('a bot that speaks as slowly as it sounds', () => {
  const PIECE_MS = 20;

  it('[check 87] is heard without a gap, from its first words on', async () => {
    const hand = handBot(
      Array.from({ length: 150 }, () => ({
        type: 'audio' as const,
        audio: new Uint8Array(PIECE_MS * 8).fill(0x42),
      })),
    );
    const { rpc, wait, rig } = await ask({}, hand.bot);
    let playedUntilMs = Infinity;
    const gaps: number[] = [];
    let seen = 0;
    for (let piece = 0; piece < 150; piece += 1) {
      await hand.next();
      await wait(PIECE_MS);
      for (const { prompts } of rpc.written.slice(seen)) {
        const now = rig.clock.now();
        if (now > playedUntilMs) gaps.push(now - playedUntilMs);
        playedUntilMs = Math.max(playedUntilMs === Infinity ? now : playedUntilMs, now);
        for (const { audio } of prompts) playedUntilMs += audio.length / 8;
      }
      seen = rpc.written.length;
    }
    await rpc.ended;
    expect(gaps.filter((ms) => ms > PIECE_MS)).toEqual([]);
    const sizes = rpc.written.slice(0, -1).map(({ prompts }) => prompts[0]?.audio.length ?? 0);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(100);
  });

  it('[check 87] is heard though it stalls after its first syllable', async () => {
    const hand = handBot([
      { type: 'audio', audio: new Uint8Array(800).fill(0x42) },
      { type: 'say', text: 'and so on' },
    ]);
    const { rpc, wait } = await ask({}, hand.bot);
    await hand.next();
    await wait(100);
    expect(kinds(rpc.written)).toEqual(['chunk']);
    await hand.next();
    await rpc.ended;
    expect(kinds(rpc.written)).toEqual(['chunk', 'chunk', 'final']);
  });
});
