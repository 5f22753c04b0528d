import { describe, expect, it } from 'vitest';

import { compileScript } from '../../../src/handlers/script/compile-script.ts';
import { runScript } from '../../../src/handlers/script/run-script.ts';
import { scriptSchema } from '../../../src/handlers/script/script-schema.ts';
import type { ScriptState } from '../../../src/handlers/script/script-state.ts';
import type { BotInput } from '../../../src/handlers/bot-handler.ts';
import { INPUTS, createCall } from '../../contracts/bot-handler.ts';

const chime = new Uint8Array(160);
const script = compileScript(
  scriptSchema.parse({
    start: 'welcome',
    bargeIn: true,
    events: { closing: 'closing', hint: 'goodbye' },
    nodes: {
      welcome: { play: 'chime.wav', say: 'Welcome.', event: { name: 'begun' }, goto: 'menu' },
      menu: {
        say: 'One or two?',
        bargeIn: false,
        ask: {
          digits: { '1': 'pin', '22': 'agent' },
          speech: 'keypad',
          events: { hint: 'hinted' },
          noInputTimeoutMs: 4000,
          terminator: '#',
          retries: 1,
          noInput: 'Hello?',
          noMatch: 'No.',
          otherwise: 'goodbye',
        },
      },
      pin: {
        say: 'PIN?',
        ask: {
          digits: { any: 'goodbye' },
          minLength: 4,
          maxLength: 6,
          sensitive: true,
          retries: 0,
        },
      },
      keypad: { say: 'Keys, please.', goto: 'menu' },
      hinted: { say: 'I see.', goto: 'menu' },
      closing: { say: 'We close.', ask: { speech: 'menu' } },
      agent: {
        say: ['One moment.', 'Really.'],
        transfer: { name: 'desk', metadata: { vip: true } },
      },
      goodbye: { say: 'Goodbye.', hangUp: true },
    },
  }),
  new Map([['chime.wav', chime]]),
);

const at = (node: string, attempts = 0): ScriptState => ({
  node,
  attempts,
  variables: {},
  sensitive: {},
  pending: undefined,
  transcript: [],
});
const run = (state: ScriptState | undefined, input: BotInput) =>
  runScript(script, { call: createCall(), state, input });
const digits = (keys: string) => ({ type: 'digits', digits: keys, sensitive: false }) as const;
const said = (step: ReturnType<typeof run>) =>
  step.outputs.flatMap((output) => (output.type === 'say' ? [output.text] : []));

describe('a script', () => {
  it('begins at its start, and says all until the first question, sounds before words', () => {
    expect(run(undefined, INPUTS.start)).toEqual({
      outputs: [
        {
          type: 'listen',
          settings: {
            mode: 'voice-and-digits',
            digits: { maxLength: 2, terminator: '#' },
            speech: { noInputTimeoutMs: 4000 },
          },
        },
        { type: 'custom-event', name: 'begun', metadata: {} },
        { type: 'audio', audio: chime, bargeIn: true },
        { type: 'say', text: 'Welcome.', bargeIn: true },
        { type: 'say', text: 'One or two?', bargeIn: false },
      ],
      state: at('menu'),
    });
  });

  it('follows the digits', () => {
    expect(run(at('menu', 1), digits('1')).state).toEqual(at('pin'));
  });

  it('[check 62] transfers, and knows it before the last words', () => {
    expect(run(at('menu'), digits('22')).outputs).toEqual([
      { type: 'transfer', name: 'desk', metadata: { vip: true } },
      { type: 'say', text: 'One moment.', bargeIn: true },
      { type: 'say', text: 'Really.', bargeIn: true },
    ]);
  });

  it('[check 63] hangs up', () => {
    expect(run(at('pin'), digits('12345')).outputs[0]).toEqual({
      type: 'end',
      name: '',
      metadata: {},
    });
  });

  it('asks for sensitive digits, and takes any of the right length', () => {
    expect(run(at('menu'), digits('1')).outputs[0]).toEqual({
      type: 'listen',
      settings: { mode: 'digits', digits: { maxLength: 6 }, speech: {}, sensitive: true },
    });
    expect(run(at('pin'), digits('1234')).state).toEqual(at('goodbye'));
    expect(run(at('pin'), digits('123')).outputs).toEqual([
      { type: 'give-up', reason: 'no-match' },
    ]);
  });

  it('puts the question again, with the complaint before it and the same settings', () => {
    const step = run(at('menu'), digits('9'));
    expect(said(step)).toEqual(['No.', 'One or two?']);
    expect(step.outputs[0]).toMatchObject({ type: 'listen' });
    expect(step.state).toEqual(at('menu', 1));
    expect(said(run(at('menu'), INPUTS.noInput))).toEqual(['Hello?', 'One or two?']);
  });

  it('goes elsewhere when the retries are used up, or tells the flow', () => {
    expect(said(run(at('menu', 1), INPUTS.noInput))).toEqual(['Goodbye.']);
    expect(run(at('pin'), INPUTS.noInput).outputs).toEqual([
      { type: 'give-up', reason: 'no-input' },
    ]);
  });

  it('follows speech, or finds no match where speech leads nowhere', () => {
    expect(said(run(at('menu'), INPUTS.speech))).toEqual(['Keys, please.', 'One or two?']);
    expect(run(at('pin'), INPUTS.speech).outputs).toEqual([
      { type: 'give-up', reason: 'no-match' },
    ]);
  });

  it('[check 67] follows events of the question, then of the script, and lets others pass', () => {
    const event = (name: string) => ({ type: 'custom-event', name, parameters: {} }) as const;
    expect(said(run(at('menu'), event('hint')))).toEqual(['I see.', 'One or two?']);
    expect(said(run(at('pin'), event('hint')))).toEqual(['Goodbye.']);
    expect(said(run(at('pin'), event('closing')))).toEqual(['We close.']);
    const step = run(at('pin'), event('unknown'));
    expect(step.outputs).toEqual([expect.objectContaining({ type: 'listen' })]);
    expect(step.state).toEqual(at('pin'));
  });

  it('begins anew when a call stands where the script has no question any more', () => {
    expect(run(at('removed'), digits('1')).state).toEqual(at('menu'));
  });

  it('gives the same objects to every call, so that later stages can remember them', () => {
    const [one, other] = [1, 2].map(() => run(at('menu'), digits('22')).outputs);
    expect(one).toHaveLength(3);
    for (const [index, output] of (one ?? []).entries()) expect(output).toBe(other?.[index]);
  });
});
