import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { findProblems, parseBotOptions, strictObject } from '../../src/handlers/strict-object.ts';

const schema = strictObject({
  file: z.string(),
  inner: strictObject({ retries: z.int() }).optional(),
});

describe('a strict object', () => {
  it('reports every problem at once, with its path', () => {
    expect(findProblems(schema, { file: 1, fiel: 'x', inner: { retrys: 2 } })).toEqual([
      expect.stringMatching(/^file: /u),
      expect.stringMatching(/^inner\.retries: /u),
      'inner: unknown key "retrys"; did you mean "retries"?',
      'unknown key "fiel"; did you mean "file"?',
    ]);
  });

  it('names no key when none is near', () => {
    expect(findProblems(schema, { file: 'a', somethingElse: 1 })).toEqual([
      'unknown key "somethingElse"',
    ]);
  });

  it('gives the options that fit, and one coded error otherwise', () => {
    expect(parseBotOptions(schema, { file: 'a' }, 'test')).toEqual({ file: 'a' });
    expect(() => parseBotOptions(schema, undefined, 'test')).toThrow(
      expect.objectContaining({
        code: 'ERR_HANDLER_LOAD',
        message: expect.stringContaining('options of bot test: file'),
      }),
    );
  });
});
