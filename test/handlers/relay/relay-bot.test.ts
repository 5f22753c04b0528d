import { describe, expect, it } from 'vitest';

import { silentLogger } from '../../../src/core/logger.ts';
import type { BotHandler } from '../../../src/handlers/bot-handler.ts';
import { echoBot } from '../../../src/handlers/echo.ts';
import { relayBot, relayPlanOf } from '../../../src/handlers/relay/relay-bot.ts';

const create = async (options: object): Promise<BotHandler> =>
  relayBot.create(options, { logger: silentLogger, baseDir: '/etc/byova' });
const planOf = async (options: object) => relayPlanOf(await create(options));

describe('the options of a relay', () => {
  it.each(['localhost:50051', '127.0.0.1:1', '[::1]:65535'])(
    '%s is spoken to in the clear',
    async (target) => {
      expect((await planOf({ target }))?.upstream.tls).toBeUndefined();
    },
  );

  it.each(['bots.example.com:443', '10.0.0.7:50051', '[fd00::1]:443', 'localhost.example.com:443'])(
    '%s is spoken to with TLS',
    async (target) => {
      expect((await planOf({ target }))?.upstream.tls).toMatchObject({ caFile: undefined });
      expect((await planOf({ target, plaintext: true }))?.upstream.tls).toBeUndefined();
    },
  );

  it('finds the files beside the configuration, and speaks TLS on this machine when it is told to', async () => {
    const tls = { ca: 'ca.pem', cert: '/run/tls.crt', key: 'tls.key', serverName: 'bots' };
    expect(await planOf({ target: 'localhost:443', tls, authorization: 'Bearer x' })).toMatchObject(
      {
        authorization: 'Bearer x',
        passAuthorization: false,
        upstream: {
          connectTimeoutMs: 2_000,
          maxConnections: 16,
          tls: {
            caFile: '/etc/byova/ca.pem',
            certFile: '/run/tls.crt',
            keyFile: '/etc/byova/tls.key',
            serverName: 'bots',
          },
        },
      },
    );
  });

  it.each<[object, RegExp]>([
    [{}, /target/u],
    [{ target: 'bots.example.com' }, /host:port/u],
    [{ target: 'https://bots.example.com:443' }, /host:port/u],
    [{ target: 'bots.example.com:0' }, /host:port/u],
    [{ target: 'bots.example.com:70000' }, /host:port/u],
    [{ target: 'a:1', tls: { cert: 'a.pem' } }, /come together/u],
    [{ target: 'a:1', tls: {}, plaintext: true }, /exclude each other/u],
    [{ target: 'a:1', authorization: 'x', passAuthorization: true }, /exclude each other/u],
    [{ target: 'a:1', authorization: 'Bearer x\n' }, /authorization/u],
    [{ target: 'a:1', authorisation: 'x' }, /did you mean "authorization"/u],
    [{ target: 'a:1', virtualAgentId: 'ü'.repeat(64) }, /127 bytes/u],
  ])('%j is refused', async (options, problem) => {
    await expect(create(options)).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: expect.stringMatching(problem) as string,
    });
  });
});

it('another bot has no plan', async () => {
  const echo = await echoBot.create({}, { logger: silentLogger, baseDir: '/' });
  expect(relayPlanOf(echo)).toBeUndefined();
});
