import { expect, it } from 'vitest';

import { createRewindable } from '../../../src/handlers/vendor/rewindable.ts';

const take = async (source: AsyncIterable<number>, count: number): Promise<readonly number[]> => {
  const taken: number[] = [];
  for await (const item of source) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
};
async function* count(to: number): AsyncGenerator<number> {
  for (let item = 1; item <= to; item++) yield item;
}

it('a source is read again from its beginning', async () => {
  const source = createRewindable(count(4), 10);
  expect(await take(source.read(), 2)).toEqual([1, 2]);
  expect(await take(source.read(), 9)).toEqual([1, 2, 3, 4]);
});

it('a source that has given more than is kept goes on where it stood', async () => {
  const source = createRewindable(count(4), 1);
  await take(source.read(), 2);
  expect(source.canRewind()).toBe(false);
  expect(await take(source.read(), 9)).toEqual([3, 4]);
});

it("what an abandoned reading had asked for is the next one's", async () => {
  let give = (_item: number): void => undefined;
  const item = new Promise<number>((resolve) => {
    give = resolve;
  });
  async function* slow(): AsyncGenerator<number> {
    yield await item;
  }
  const source = createRewindable(slow(), 10);
  const abandoned = source.read()[Symbol.asyncIterator]().next();
  const next = take(source.read(), 1);
  give(7);
  expect(await next).toEqual([7]);
  expect(await abandoned).toMatchObject({ done: true });
});
