import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { BotInput } from '../../../src/handlers/bot-handler.ts';
import { loadScript } from '../../../src/handlers/script/load-script.ts';
import { scriptBot } from '../../../src/handlers/script/script-bot.ts';
import { createLogRecorder } from '../../support/log-recorder.ts';
import { INPUTS, ask, createCall, describeBotContract } from '../../contracts/bot-handler.ts';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const baseDir = `${examples}bank-line`;
const log = createLogRecorder();
const create = async () =>
  scriptBot.create({ file: 'bank-line.yaml' }, { logger: log.logger, baseDir });

describeBotContract('script of the bank line', create);

const keys = (digits: string, sensitive = false): BotInput => ({
  type: 'digits',
  digits,
  sensitive,
});

/** What is said, and everything else, for a sequence of inputs. */
async function talk(inputs: readonly BotInput[], parts: Parameters<typeof createCall>[0] = {}) {
  const call = createCall(parts);
  let outputs: Awaited<ReturnType<typeof ask>> = [];
  // A fresh bot for each turn, as when a call moves from process to process.
  for (const input of inputs) outputs = await ask(await create(), call, input);
  const said = outputs.flatMap((output) => (output.type === 'say' ? [output.text] : []));
  return { outputs, said, call };
}

describe('the bank line of the examples', () => {
  const UNTIL_PIN = [INPUTS.start, keys('2'), keys('12345678'), keys('1')];

  it('speaks the language that was chosen, and reads the account number back', async () => {
    expect((await talk(UNTIL_PIN.slice(0, 3))).said).toEqual([
      'Ihre Eingabe war 1 2 3 4 5 6 7 8. Wenn das stimmt, die 1, sonst die 2.',
    ]);
    const parameters = { language: 'en-GB' };
    expect((await talk([INPUTS.start], { parameters })).said[0]).toBe('Welcome to Example Bank.');
  });

  it('asks for the PIN three times, each time with other words, then connects a colleague', async () => {
    const { said } = await talk([...UNTIL_PIN, keys('1', true)]);
    expect(said).toEqual(['Eine PIN hat 6 Stellen. Bitte noch einmal.']);
    const again = await talk([...UNTIL_PIN, keys('1', true), keys('2', true)]);
    expect(again.said).toEqual(['Auch das war keine PIN. Noch einmal.']);
    const { outputs } = await talk([
      ...UNTIL_PIN,
      ...['1', '2', '3'].map((key) => keys(key, true)),
    ]);
    expect(outputs[0]).toEqual({
      type: 'transfer',
      name: 'front-desk',
      metadata: { account: '12345678', language: 'de' },
    });
  });

  it('[check 96] gives the PIN to the card desk alone, and to no prompt, transcript or log', async () => {
    const { outputs } = await talk([...UNTIL_PIN, keys('271828', true), keys('1')]);
    const [transfer, ...rest] = outputs;
    expect(transfer).toMatchObject({ name: 'card-desk', metadata: { pin: '271828' } });
    expect(rest).toContainEqual({
      type: 'transcript',
      transcript: expect.stringContaining('Caller: [keys 12345678]'),
      summary: 'Account 12345678, asked for cards.',
    });
    expect(JSON.stringify(rest)).not.toContain('271828');

    const words = { ...INPUTS.recognised, text: 'Einen Mitarbeiter, bitte' };
    const colleague = await talk([...UNTIL_PIN, keys('271828', true), words]);
    expect(colleague.outputs[0]).toMatchObject({ name: 'front-desk' });
    expect(JSON.stringify([colleague.outputs, colleague.call.state])).not.toContain('271828');
    expect(JSON.stringify(log.lines)).not.toContain('271828');
  });

  it('connects premium customers at once', async () => {
    const { outputs } = await talk([INPUTS.start], { vendorConfig: '{"desk":"premium"}' });
    expect(outputs[0]).toMatchObject({ type: 'transfer', name: 'premium-desk' });
  });
});

describe('the scripts of the examples', () => {
  it('all load, and have no node that nothing leads to', async () => {
    const files = (await readdir(examples, { recursive: true })).filter((file) =>
      /\.ya?ml$/u.test(file),
    );
    let scripts = 0;
    for (const file of files) {
      const document: unknown = parse(await readFile(`${examples}${file}`, 'utf8'));
      if (typeof document !== 'object' || document === null || !('nodes' in document)) continue;
      expect((await loadScript(`${examples}${file}`)).unreachable, file).toEqual([]);
      scripts++;
    }
    expect(scripts).toBeGreaterThanOrEqual(2);
  });
});
