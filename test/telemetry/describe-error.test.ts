import { describe, expect, it } from 'vitest';

import { GatewayError } from '../../src/core/gateway-error.ts';
import { describeError } from '../../src/telemetry/describe-error.ts';

const WORDS = 'the caller said 4711';
const written = (error: unknown): string => JSON.stringify(describeError(error));

describe('what is logged of an error', () => {
  it('is the name, the code and the frames of a foreign one, and not its message', () => {
    const error = Object.assign(new TypeError(WORDS), { code: 'ERR_FOREIGN' });
    expect(describeError(error)).toMatchObject({ error: 'TypeError', code: 'ERR_FOREIGN' });
    expect(written(error)).toContain('describe-error.test.ts');
    expect(written(error)).not.toContain('4711');
  });

  it.each([
    ['a name', Object.assign(new Error('no'), { name: WORDS })],
    ['a code', Object.assign(new Error('no'), { code: '4711' })],
    ['a line that looks like a frame', new Error(`no\n    at ${WORDS} (bot.js:1:1)`)],
    [
      'a frame-like line of a message that was changed since',
      Object.assign(new Error(`no\n    at ${WORDS} (bot.js:1:1)`), { message: 'changed' }),
    ],
    ['a cause', new GatewayError('ERR_HANDLER_FAILED', 'no', { cause: new Error(WORDS) })],
    ['no error at all', WORDS],
  ])('quotes nothing that stands in %s', (_where, error) => {
    expect(written(error)).toContain('"error":');
    expect(written(error)).not.toContain('4711');
  });

  it('is the message and the detail of one of our own', () => {
    const error = new GatewayError('ERR_AUTH_URL', 'differs', { detail: { claim: 'url' } });
    expect(describeError(error)).toEqual({ error: 'differs', code: 'ERR_AUTH_URL', claim: 'url' });
  });
});
