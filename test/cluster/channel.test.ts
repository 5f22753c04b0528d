import { expect, it } from 'vitest';

import { createChannelPair } from '../support/channel-pair.ts';

it('a question that nobody answers in the given time fails', async () => {
  const { primary, worker } = createChannelPair();
  worker.answer('slow', () => new Promise(() => undefined));
  await expect(primary.ask('slow', undefined, 1)).rejects.toThrow('does not answer');
});

it('an error is told without its text', async () => {
  const { primary, worker } = createChannelPair();
  worker.answer('bad', () => {
    throw new Error('secret');
  });
  await expect(primary.ask('bad')).rejects.toThrow('the other process failed');
});
