import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load-config.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { BotHandler, BotInput } from '../../src/handlers/bot-handler.ts';
import { signBody } from '../../src/handlers/http/sign-body.ts';
import { BUILT_IN_BOTS } from '../../src/handlers/registry.ts';
import { INPUTS, ask, createCall, describeBotContract } from '../contracts/bot-handler.ts';

const BYOVA_WEBHOOK_SECRET = 'a secret of the tests';
const keys = (digits: string): BotInput => ({ type: 'digits', digits, sensitive: false });

/** The bot of an example, as its configuration makes it; `options` replaces what a test cannot use. */
async function createBotOf(example: string, options: object = {}): Promise<BotHandler> {
  const baseDir = fileURLToPath(new URL(`../../examples/${example}`, import.meta.url));
  const { agents } = await loadConfig(`${baseDir}/byova.yaml`, { BYOVA_WEBHOOK_SECRET });
  const [bot] = agents.map((agent) => agent.bot);
  const factory = BUILT_IN_BOTS.get(bot?.use ?? '');
  if (factory === undefined) throw new TypeError('the example names no bot of the gateway');
  return factory.create({ ...bot?.options, ...options }, { logger: silentLogger, baseDir });
}

describeBotContract('of the playback example', async () => createBotOf('playback'));

describe('the playback example', () => {
  it.each([
    ['1', 'end'],
    ['2', 'transfer'],
    ['3', 'listen'],
  ])('answers %s with %s first, and sound', async (digits, type) => {
    const outputs = await ask(await createBotOf('playback'), createCall(), keys(digits));
    expect(outputs.map((output) => output.type).slice(0, 2)).toEqual([type, 'audio']);
  });
});

describe('the http example', () => {
  let service: ChildProcess;
  let url = '';
  beforeAll(async () => {
    const file = fileURLToPath(new URL('../../examples/http-bot/server.mjs', import.meta.url));
    const env = { ...process.env, BYOVA_WEBHOOK_SECRET, PORT: '0' };
    service = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of service.stdout ?? []) {
      url = /http:\S+/u.exec(String(line))?.[0] ?? '';
      break;
    }
  });
  afterAll(async () => {
    const exited = once(service, 'exit');
    service.kill();
    await exited;
  });

  const create = async (options: object = {}) => createBotOf('http-bot', { url, ...options });

  describeBotContract('of the http example', create);

  it('counts in its state, and transfers at 2', async () => {
    const bot = await create();
    const call = createCall();
    expect(await ask(bot, call, INPUTS.start)).toEqual([
      { type: 'say', text: 'Press 1 to count, 2 for a human.' },
      { type: 'listen', settings: { mode: 'voice-and-digits', digits: { maxLength: 1 } } },
    ]);
    await ask(bot, call, keys('1'));
    const [said] = await ask(bot, call, keys('1'));
    expect(said).toMatchObject({ type: 'say', text: 'You pressed a key 2 times.' });
    expect((await ask(bot, call, keys('2')))[0]).toMatchObject({ type: 'transfer' });
  });

  it('refuses who does not know the secret', async () => {
    const bot = await create({ secret: 'another secret of the tests' });
    await expect(ask(bot, createCall(), INPUTS.start)).rejects.toMatchObject({
      code: 'ERR_HANDLER_FAILED',
      detail: { status: 401 },
    });
  });

  it.each([
    ['now', Date.now(), 200],
    ['ten minutes ago', Date.now() - 600_000, 401],
    ['at no time', Number.NaN, 401],
  ])('judges the age of what was signed %s', async (_, signedAtMs, expected) => {
    const body = JSON.stringify({ input: INPUTS.start, state: null });
    const headers = signBody(BYOVA_WEBHOOK_SECRET, body, signedAtMs);
    const { status } = await fetch(url, { method: 'POST', headers, body });
    expect(status).toBe(expected);
  });
});
