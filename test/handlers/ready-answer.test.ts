import { describe, expect, it } from 'vitest';

import type { BotOutput } from '../../src/handlers/bot-handler.ts';
import { ReadyAnswer } from '../../src/handlers/ready-answer.ts';

const outputs: readonly BotOutput[] = [
  { type: 'say', text: 'one' },
  { type: 'say', text: 'two' },
];

describe('an answer that is ready', () => {
  it('is given as a whole, as the object that it is', () => {
    expect(new ReadyAnswer(outputs).atOnce()).toBe(outputs);
  });

  it('is given piece by piece, to each reader from its beginning', async () => {
    const answer = new ReadyAnswer(outputs);
    for (let time = 0; time < 2; time++) {
      const read: BotOutput[] = [];
      for await (const output of answer) read.push(output);
      expect(read).toEqual(outputs);
    }
  });

  it('is over for a reader who has left it', async () => {
    const reader = new ReadyAnswer(outputs)[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});
