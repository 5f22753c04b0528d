import { describe, expect, it } from 'vitest';

import { GatewayError } from '../../src/core/gateway-error.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createBot } from '../../src/handlers/create-bot.ts';

const failingWith = (error: unknown) =>
  createBot(
    {
      name: 'picky',
      create() {
        throw error;
      },
    },
    {},
    { logger: silentLogger, baseDir: '/' },
  );

describe('a bot that cannot be made from its options', () => {
  it('says which option is wrong', async () => {
    await expect(failingWith(new TypeError('greeting must be a text'))).rejects.toMatchObject({
      code: 'ERR_HANDLER_LOAD',
      message: 'bot "picky": greeting must be a text',
    });
  });

  it('does not quote an error that may hold its secrets', async () => {
    const failure: unknown = await failingWith(new RangeError('s3cret')).catch((e: unknown) => e);
    expect(failure).toMatchObject({ message: 'bot "picky": failed to start (RangeError)' });
    expect(failure).toBeInstanceOf(GatewayError);
    const { message, detail, cause } = failure as GatewayError;
    expect(JSON.stringify([message, detail, cause])).not.toContain('s3cret');
    expect(JSON.stringify(detail)).toContain('create-bot.test.ts');
  });

  it('passes an error of our own on', async () => {
    const error = new GatewayError('ERR_HANDLER_LOAD', 'no such file');
    await expect(failingWith(error)).rejects.toBe(error);
  });
});
