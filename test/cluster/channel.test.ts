import { expect, it } from 'vitest';

import { createChannel } from '../../src/cluster/channel.ts';
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

it('questions of one turn of the event loop travel together', async () => {
  const sent: unknown[][] = [];
  const channel = createChannel({
    send: (messages) => void sent.push([messages].flat()),
    onMessage: () => undefined,
  });
  const asked = [channel.ask('a'), channel.ask('b', 1)];
  await new Promise(setImmediate);
  channel.close();
  expect(sent).toMatchObject([[{ question: 'a' }, { question: 'b', body: 1 }]]);
  for (const one of asked) await expect(one).rejects.toThrow('the other process is gone');
});
