import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../src/core/logger.ts';
import type {
  BargeIn,
  BotCall,
  BotHandler,
  BotInput,
  BotOutput,
  BotTurn,
} from '../../src/handlers/bot-handler.ts';

/** More than any well-behaved bot yields for one input. */
const MAX_OUTPUTS = 1000;
/** What is left of the sentence that a bot was at when it was called off; nobody hears it. */
const MAX_OUTPUTS_AFTER_ABORT = 8;

/** A call as the gateway hands it to a bot; `parts` replaces what a test is about. */
export function createCall(parts: Partial<BotCall> = {}): BotCall {
  return {
    conversationId: 'conversation',
    organisationId: '6f1d3a5e-0000-4000-8000-000000000001',
    agentId: 'agent',
    language: 'en-US',
    parameters: {},
    vendorConfig: '',
    state: {},
    logger: silentLogger,
    ...parts,
  };
}

/** A turn that nobody interrupts or calls off, unless `signal` does. */
export function createTurn(signal: AbortSignal = new AbortController().signal): BotTurn {
  return { signal, interrupted: undefined };
}

/** Collects what a bot yields for one input. */
export async function ask(
  bot: BotHandler,
  call: BotCall,
  input: BotInput,
  turn: BotTurn = createTurn(),
): Promise<readonly BotOutput[]> {
  const outputs: BotOutput[] = [];
  for await (const output of bot.answer(call, input, turn)) {
    outputs.push(output);
    if (outputs.length > MAX_OUTPUTS) throw new Error('the bot does not stop');
  }
  return outputs;
}

/** Inputs, one of each kind; speech comes with and without sound. */
export const INPUTS = {
  start: { type: 'start', name: 'start', parameters: { customer: 'known' } },
  digits: { type: 'digits', digits: '1', sensitive: false },
  unknownDigits: { type: 'digits', digits: '*9*9', sensitive: true },
  speech: {
    type: 'speech',
    audio: new Uint8Array(8000).fill(0x80),
    durationMs: 1000,
    text: undefined,
    sensitive: false,
  },
  recognised: {
    type: 'speech',
    audio: new Uint8Array(0),
    durationMs: 600,
    text: 'hello',
    sensitive: false,
  },
  noInput: { type: 'no-input' },
  event: { type: 'custom-event', name: 'hint', parameters: { some: ['value', 1] } },
} as const satisfies Readonly<Record<string, BotInput>>;

/**
 * What every bot keeps to, whatever it says.
 *
 * @param create Makes a fresh bot, as another process would.
 */
export function describeBotContract(name: string, create: () => Promise<BotHandler>): void {
  describe(`the bot ${name} keeps the contract of bots`, () => {
    it('has a name of lower-case words with hyphens', async () => {
      expect((await create()).name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/u);
    });

    it.each(Object.entries(INPUTS))(
      'answers %s with well-formed outputs and an end',
      async (_, input) => {
        const bot = await create();
        const call = createCall();
        if (input.type !== 'start') await ask(bot, call, INPUTS.start);
        for (const output of await ask(bot, call, input)) assertWellFormed(output);
      },
    );

    it.each(Object.entries(INPUTS))(
      'gives at once, if it can, what it gives piece by piece: %s',
      async (_, input) => {
        const bot = await create();
        const [one, other] = [createCall(), createCall()];
        for (const call of input.type === 'start' ? [] : [one, other])
          await ask(bot, call, INPUTS.start);
        const answer = bot.answer(one, input, createTurn());
        const outputs: BotOutput[] = [...(answer.atOnce?.() ?? [])];
        if (outputs.length === 0) for await (const output of answer) outputs.push(output);
        expect(outputs).toEqual(await ask(bot, other, input));
        expect(one.state).toEqual(other.state);
      },
    );

    it('keeps notes that are JSON', async () => {
      const bot = await create();
      const call = createCall();
      for (const input of Object.values(INPUTS)) {
        await ask(bot, call, input);
        expect(JSON.parse(JSON.stringify(call.state))).toEqual(call.state);
      }
    });

    it('goes on in another process from its notes', async () => {
      for (const input of Object.values(INPUTS)) {
        const here = await create();
        const call = createCall();
        await ask(here, call, INPUTS.start);
        const state = JSON.parse(JSON.stringify(call.state)) as Record<string, unknown>;
        const there = await ask(await create(), createCall({ state }), input);
        expect(there).toEqual(await ask(here, call, input));
      }
    });

    it('keeps two calls apart', async () => {
      const bot = await create();
      const [one, other] = [createCall(), createCall()];
      await ask(bot, one, INPUTS.start);
      const alone = await ask(await create(), createCall(), INPUTS.start);
      await ask(bot, one, INPUTS.digits);
      expect(await ask(bot, other, INPUTS.start)).toEqual(alone);
    });

    it.each(Object.entries(INPUTS))('stops when %s is called off', async (_, input) => {
      const bot = await create();
      const call = createCall();
      if (input.type !== 'start') await ask(bot, call, INPUTS.start);
      const controller = new AbortController();
      let after = 0;
      try {
        for await (const _output of bot.answer(call, input, createTurn(controller.signal))) {
          if (controller.signal.aborted) after++;
          controller.abort();
        }
      } catch (error) {
        expect(controller.signal.aborted, String(error)).toBe(true);
      }
      expect(after).toBeLessThanOrEqual(MAX_OUTPUTS_AFTER_ABORT);
    });

    it('can be left in the middle of an answer and answers again', async () => {
      const bot = await create();
      const call = createCall();
      for await (const _output of bot.answer(call, INPUTS.start, createTurn())) break;
      for (const output of await ask(bot, call, INPUTS.digits)) assertWellFormed(output);
    });

    it('ends a call and closes', async () => {
      const bot = await create();
      const call = createCall();
      await ask(bot, call, INPUTS.start);
      await bot.end?.(call, 'caller');
      await bot.close?.();
    });
  });
}

/** Fails when `output` is not what bot-handler.ts declares. */
function assertWellFormed(output: BotOutput): void {
  switch (output.type) {
    case 'say':
      expect(output.text).toEqual(expect.any(String));
      expect(output.text).not.toBe('');
      return assertBargeIn(output.bargeIn);
    case 'audio':
      expect(output.audio).toBeInstanceOf(Uint8Array);
      return assertBargeIn(output.bargeIn);
    case 'listen':
      expect(['voice', 'digits', 'voice-and-digits']).toContain(output.settings.mode);
      return undefined;
    case 'custom-event':
    case 'transfer':
    case 'end':
      expect(output.name).toEqual(expect.any(String));
      expect(JSON.parse(JSON.stringify(output.metadata))).toEqual(output.metadata);
      return undefined;
    case 'give-up':
      expect(['no-match', 'no-input']).toContain(output.reason);
      return undefined;
    case 'transcript':
      expect([output.transcript, output.summary].some((text) => typeof text === 'string')).toBe(
        true,
      );
      return undefined;
    default:
      output satisfies never;
      throw new Error('the bot yielded something unknown');
  }
}

function assertBargeIn(bargeIn: BargeIn | undefined): void {
  expect([undefined, true, false, 'either', 'speech', 'digits', 'none']).toContain(bargeIn);
}
