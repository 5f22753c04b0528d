import { describe, expect, it } from 'vitest';

import type { BotCall, BotInput } from '../../../src/handlers/bot-handler.ts';
import { compileScript } from '../../../src/handlers/script/compile-script.ts';
import { runScript } from '../../../src/handlers/script/run-script.ts';
import { scriptSchema } from '../../../src/handlers/script/script-schema.ts';
import { readState, writeState } from '../../../src/handlers/script/script-state.ts';
import { INPUTS, createCall } from '../../contracts/bot-handler.ts';

const keys = (digits: string, sensitive = false): BotInput => ({
  type: 'digits',
  digits,
  sensitive,
});
const words = (text: string): BotInput => ({ ...INPUTS.recognised, text });

/** Plays a script through its notes, which go through JSON between any two turns. */
function play(source: object, parts: Partial<BotCall> = {}) {
  const script = compileScript(scriptSchema.parse(source), new Map());
  const call = createCall(parts);
  let state: Record<string, unknown> = {};
  const turn = (input: BotInput) => {
    const step = runScript(script, { call, state: readState(state), input });
    writeState(state, step.state);
    state = JSON.parse(JSON.stringify(state)) as Record<string, unknown>;
    return step.outputs;
  };
  return {
    turn,
    said: (input: BotInput) =>
      turn(input).flatMap((output) => (output.type === 'say' ? [output.text] : [])),
    state: () => state,
  };
}

const collecting = (collect: object, rest: object = {}) => ({
  start: 'number',
  nodes: {
    number: { say: 'Number?', collect: { into: 'number', goto: 'done', ...collect } },
    done: { say: 'Got {{ number | spell }}.', transfer: true },
    lost: { say: 'Sorry.', hangUp: true },
    ...rest,
  },
});

describe('variables and placeholders', () => {
  const script = {
    start: 'a',
    variables: { greeting: 'Hello', visits: 1 },
    nodes: {
      a: {
        set: { who: '{{ call.parameters.customer.name }}', copy: '{{ visits }}' },
        say: ['{{ greeting }}, {{ who }}.', '{{ call.parameters.none }}'],
        ask: { digits: { any: 'b' }, events: { hint: 'c' } },
      },
      b: {
        set: { choice: '{{ digits }}', greeting: null },
        say: 'You pressed {{ digits }}{{ greeting }}.',
        transfer: {
          name: 'desk-{{ choice }}',
          metadata: {
            visits: '{{ copy }}',
            all: '{{ call.parameters.customer }}',
            gone: '{{ greeting }}',
            fixed: [1],
          },
        },
      },
      c: { say: '{{ event.name }} {{ event.parameters.some.1 }}', hangUp: true },
    },
  };
  const parameters = { customer: { name: 'Ann' } };

  it('are filled in with variables, parameters and what was just entered, and keep their type', () => {
    const { said, turn } = play(script, { parameters });
    expect(said(INPUTS.start)).toEqual(['Hello, Ann.']);
    expect(turn(keys('7'))).toEqual([
      {
        type: 'transfer',
        name: 'desk-7',
        metadata: { visits: 1, all: { name: 'Ann' }, fixed: [1] },
      },
      { type: 'say', text: 'You pressed 7.' },
    ]);
  });

  it('read the event of the flow', () => {
    const { said } = play(script, { parameters });
    said(INPUTS.start);
    expect(said(INPUTS.event)).toEqual(['hint 1']);
  });

  it('are bounded, whatever the flow sends', () => {
    const { turn, state } = play(script, {
      parameters: { customer: { name: 'x'.repeat(100_000) } },
    });
    turn(INPUTS.start);
    expect(JSON.stringify(state()).length).toBeLessThan(1000);
  });
});

describe('conditions', () => {
  const goes = (when: object, parts: Partial<BotCall> = {}) =>
    play(
      {
        start: 'a',
        variables: { n: 5, text: 'abc' },
        nodes: {
          a: { branch: { when, goto: 'yes' }, hangUp: { name: 'no' } },
          yes: { hangUp: { name: 'yes' } },
        },
      },
      parts,
    ).turn(INPUTS.start)[0];
  const call = {
    language: 'de-AT',
    parameters: { tier: 'gold', age: '42', limit: 42 },
    vendorConfig: '{"region":"emea","flags":[true]}',
  };
  it.each([
    [{ variable: 'n', equals: '5' }, 'yes'],
    [{ variable: 'n', atLeast: 5, lessThan: 6 }, 'yes'],
    [{ variable: 'n', moreThan: 5 }, 'no'],
    [{ variable: 'text', atMost: 5 }, 'no'],
    [{ variable: 'text', matches: '^a.c$' }, 'yes'],
    [{ variable: 'call.parameters.tier', in: ['silver', 'gold'] }, 'yes'],
    [{ variable: 'call.parameters.age', equals: '{{ call.parameters.limit }}' }, 'yes'],
    [{ variable: 'call.parameters.constructor', exists: true }, 'no'],
    [{ variable: 'call.parameters.none', exists: false }, 'yes'],
    [{ variable: 'call.vendorConfig.region', equals: 'emea' }, 'yes'],
    [{ variable: 'call.vendorConfig.flags.0', equals: true }, 'yes'],
    [{ variable: 'call.vendorConfig', matches: 'emea' }, 'yes'],
    [{ variable: 'call.language', equals: 'de-AT' }, 'yes'],
    [{ not: { variable: 'n', equals: 5 } }, 'no'],
    [
      {
        all: [
          { variable: 'n', equals: 5 },
          { variable: 'text', equals: 'x' },
        ],
      },
      'no',
    ],
    [
      {
        any: [
          { variable: 'n', equals: 5 },
          { variable: 'text', equals: 'x' },
        ],
      },
      'yes',
    ],
  ])('%j leads to %s', (when, name) => {
    expect(goes(when, call)).toMatchObject({ type: 'end', name });
  });

  it('find no parts in a vendor configuration that is no JSON', () => {
    const when = { variable: 'call.vendorConfig.region', exists: true };
    expect(goes(when, { vendorConfig: 'emea' })).toMatchObject({ name: 'no' });
    const text = { variable: 'call.vendorConfig', equals: 'emea' };
    expect(goes(text, { vendorConfig: 'emea' })).toMatchObject({ name: 'yes' });
  });
});

describe('collecting digits', () => {
  it('listens for what it takes, keeps it, and goes on', () => {
    const { turn, said, state } = play(collecting({ length: 4, terminator: '#' }));
    expect(turn(INPUTS.start)[0]).toEqual({
      type: 'listen',
      settings: { mode: 'digits', digits: { maxLength: 4, terminator: '#' }, speech: {} },
    });
    expect(said(keys('1234'))).toEqual(['Got 1 2 3 4.']);
    expect(state()).toEqual({ node: 'done', attempts: 0, variables: { number: '1234' } });
  });

  it('complains once for each failure in turn, and goes elsewhere when the retries are used up', () => {
    const { said } = play(
      collecting({
        minLength: 3,
        maxLength: 4,
        retries: 3,
        otherwise: 'lost',
        repeat: false,
        noMatch: ['First.', 'Second.'],
        noInput: ['Silent once.', 'Silent twice.'],
      }),
    );
    said(INPUTS.start);
    expect(said(keys('12'))).toEqual(['First.']);
    expect(said(INPUTS.noInput)).toEqual(['Silent twice.']);
    expect(said(keys('12345'))).toEqual(['Second.']);
    expect(said(keys('**'))).toEqual(['Sorry.']);
  });

  it.each([
    [{ check: 'luhn' }, '4111111111111111', '4111111111111112'],
    [{ pattern: '^[1-9][0-9]*$' }, '10', '01'],
    [{ pattern: '^[0-9]+[*][0-9]+$' }, '1*2', '12'],
    [{}, '12', '1*2'],
    [{ when: { variable: 'digits', equals: '{{ call.parameters.id }}' } }, '77', '78'],
  ])('with %j takes %s and not %s', (rule, good, bad) => {
    const { said } = play(collecting(rule), { parameters: { id: 77 } });
    said(INPUTS.start);
    expect(said(keys(bad))).toEqual(['Number?']);
    expect(said(keys(good))).toEqual([`Got ${Array.from(good).join(' ')}.`]);
  });

  it('has the caller confirm, and asks anew when they decline', () => {
    const confirm = { say: 'You entered {{ digits | spell }}. 1 or 2?' };
    const { turn, said } = play(collecting({ confirm, repeat: false }));
    said(INPUTS.start);
    expect(turn(keys('12'))).toEqual([
      { type: 'listen', settings: { mode: 'digits', digits: { maxLength: 1 } } },
      { type: 'say', text: 'You entered 1 2. 1 or 2?' },
    ]);
    expect(said(keys('2'))).toEqual(['Number?']);
    expect(said(keys('34'))).toEqual(['You entered 3 4. 1 or 2?']);
    expect(said(INPUTS.noInput)).toEqual(['You entered 3 4. 1 or 2?']);
    expect(said(keys('1'))).toEqual(['Got 3 4.']);
  });

  it('does not ask for confirmation for ever', () => {
    const { turn, said } = play(collecting({ confirm: { say: 'Right?' }, retries: 1 }));
    said(INPUTS.start);
    said(keys('12'));
    expect(said(INPUTS.noInput)).toEqual(['Right?']);
    expect(turn(INPUTS.noInput)).toEqual([{ type: 'give-up', reason: 'no-input' }]);
  });
});

describe('what is collected in confidence', () => {
  const secret = '482913';
  const use = (reads: object) => ({
    ...collecting(
      { length: 6, sensitive: true, confirm: { say: 'Shall I use it?' }, noMatch: 'No.' },
      { done: { say: 'Thanks{{ digits }}.', ask: { digits: { '1': 'last' } } }, last: reads },
    ),
    transcript: true,
  });

  it('[check 96] is neither said, nor written down, nor kept where nothing reads it', () => {
    const { turn, state } = play(use({ transfer: true }));
    const all = [INPUTS.start, keys('123', true), keys(secret, true)].map(turn);
    all.push(turn(keys('1', true)));
    expect(JSON.stringify([all, state()])).not.toContain(secret);
    all.push(turn(keys('1')));
    expect(JSON.stringify([all, state()])).not.toContain(secret);
    expect(all.at(-1)).toContainEqual({
      type: 'transcript',
      transcript: expect.stringContaining('Caller: [confidential keys]\nBot: Shall I use it?'),
    });
  });

  it('reaches the metadata whose author says so, and is forgotten when it is set to null', () => {
    const reads = { metadata: { id: '{{ number }}' }, allowSensitive: true };
    const { turn, state } = play(use({ transfer: reads }));
    for (const input of [INPUTS.start, keys(secret, true), keys('1', true)]) turn(input);
    expect(state()).toMatchObject({ sensitive: { number: secret } });
    expect(turn(keys('1'))[0]).toEqual({ type: 'transfer', name: '', metadata: { id: secret } });

    const forgets = play(use({ set: { number: null }, transfer: reads }));
    for (const input of [INPUTS.start, keys(secret, true), keys('1', true)]) forgets.turn(input);
    expect(forgets.turn(keys('1'))[0]).toMatchObject({ metadata: {} });
    expect(JSON.stringify(forgets.state())).not.toContain(secret);
  });
});

describe('languages', () => {
  const script = {
    start: 'a',
    language: { default: 'en-US', from: ['chosen', 'call.parameters.language', 'call.language'] },
    variables: { chosen: '' },
    nodes: {
      a: {
        say: { en: 'Hello.', 'de-AT': 'Servus.', de: 'Hallo.', default: 'Hi.' },
        ask: {
          digits: { '1': 'german' },
          hears: { b: { en: ['human being', 'Agent'], de: 'Größe' }, german: 'German please' },
        },
      },
      german: { set: { chosen: 'de' }, goto: 'a' },
      b: { say: { fr: 'Oui', en: 'Yes {{ language }}' }, hangUp: true },
    },
  };

  it.each([
    ['en-US', 'Hello.'],
    ['de-AT', 'Servus.'],
    ['de_CH', 'Hallo.'],
    ['DE', 'Hallo.'],
    ['ja-JP', 'Hello.'],
    ['fr-CA', 'Hi.'],
    ['', 'Hello.'],
  ])('for a caller who speaks %j there is %j', (language, text) => {
    expect(play(script, { language }).said(INPUTS.start)).toEqual([text]);
  });

  it('follow a variable, then a parameter, then the call', () => {
    const { said } = play(script, { language: 'en-US', parameters: { language: 'de' } });
    expect(said(INPUTS.start)).toEqual(['Hallo.']);
    const other = play(script, { language: 'en-US' });
    expect([other.said(INPUTS.start), other.said(keys('1'))]).toEqual([['Hello.'], ['Hallo.']]);
  });

  it.each([
    ['en-US', 'I want a HUMAN being, now', ['Yes en-US']],
    ['en-US', 'agents', ['Hello.']],
    ['en-US', 'german, please!', ['Hallo.']],
    ['de', 'die grosse', ['Yes de']],
    ['de', 'welche GRÖSSE?', ['Yes de']],
    ['de', 'grossen', ['Hallo.']],
  ])('in %s the words %j lead to %j', (language, text, expected) => {
    const { said } = play(script, { language });
    said(INPUTS.start);
    expect(said(words(text))).toEqual(expected);
  });
});

describe('transcript and summary', () => {
  it('go out with the last answer: what was said, pressed and heard', () => {
    const { turn } = play({
      start: 'a',
      transcript: true,
      summary: 'Wanted {{ topic }}.',
      nodes: {
        a: { say: 'Topic?', ask: { hears: { b: 'cards' }, digits: { '1': 'b' }, retries: 2 } },
        b: { set: { topic: '{{ speech }}' }, say: 'Bye.', hangUp: true },
      },
    });
    for (const input of [INPUTS.start, keys('9'), INPUTS.noInput]) turn(input);
    expect(turn(words('cards')).at(-1)).toEqual({
      type: 'transcript',
      transcript:
        'Bot: Topic?\nCaller: [keys 9]\nBot: Topic?\nCaller: [nothing]\nBot: Topic?\nCaller: cards\nBot: Bye.',
      summary: 'Wanted cards.',
    });
  });

  it('are bounded in a call that does not end', () => {
    const { turn, state } = play({
      start: 'a',
      transcript: true,
      nodes: { a: { say: 'x'.repeat(5000), ask: { speech: 'a' } } },
    });
    for (let i = 0; i < 50; i++) turn(words('y'.repeat(5000)));
    expect(JSON.stringify(state()).length).toBeLessThan(20_000);
  });
});
