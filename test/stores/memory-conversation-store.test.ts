import { describe, expect, it } from 'vitest';

import type { ConversationStore } from '../../src/conversation/conversation-store.ts';
import { createSharedConversations } from '../../src/stores/memory-conversation-store.ts';
import { testConversationStore } from '../contracts/conversation-store.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const TTL_MS = 60_000;

function open(names: readonly string[], maxConversations?: number) {
  const clock = createFakeClock();
  const shared = createSharedConversations(
    { ttlMs: TTL_MS, ...(maxConversations !== undefined && { maxConversations }) },
    { clock },
  );
  const replicas = names.map((replicaId) =>
    shared.replica({ replicaId, address: `${replicaId}.test:1` }),
  );
  return { clock, replicas };
}

/** Lets the stores of a test lose their memory: each is a view of the one that is there now. */
function createForgetfulRig() {
  const clock = createFakeClock();
  const make = () => createSharedConversations({ ttlMs: TTL_MS }, { clock });
  let shared = make();
  let forget = (): void => undefined;
  return {
    async open(count: number) {
      const owners = Array.from({ length: count }, (_, index) => ({
        replicaId: `replica-${index}`,
        address: `replica-${index}.test:1`,
      }));
      let views = owners.map((owner) => shared.replica(owner));
      forget = () => {
        clock.advance(10);
        shared = make();
        views = owners.map((owner) => shared.replica(owner));
      };
      const viewOf = (index: number): ConversationStore => {
        const view = views[index];
        if (view === undefined) throw new Error('there is no such replica');
        return view;
      };
      return owners.map(({ replicaId }, index): ConversationStore => ({
        replicaId,
        claim: (key, options) => viewOf(index).claim(key, options),
        save: (lease, record) => viewOf(index).save(lease, record),
        release: (lease, record) => viewOf(index).release(lease, record),
        end: (lease) => viewOf(index).end(lease),
        beat: () => viewOf(index).beat(),
        close: () => viewOf(index).close(),
      }));
    },
    forget: async () => forget(),
  };
}

testConversationStore('memory', {
  open: (count) => {
    rig = createForgetfulRig();
    return rig.open(count);
  },
  forget: () => rig.forget(),
});
let rig = createForgetfulRig();

describe('conversations in the memory of one process', () => {
  it('are forgotten when nobody touches them for long enough', async () => {
    const { clock, replicas } = open(['one']);
    const [one] = replicas;
    const claim = await one?.claim('key');
    if (claim?.type !== 'ours') throw new Error('not ours');
    await one?.release(claim.lease, 'kept');
    clock.advance(TTL_MS - 1);
    expect(await one?.claim('key')).toMatchObject({ record: 'kept' });
    clock.advance(TTL_MS);
    expect(await one?.claim('key')).toMatchObject({ record: undefined });
  });

  it('make room for new ones, the one that was touched least recently first', async () => {
    const { replicas } = open(['one'], 2);
    const [one] = replicas;
    for (const key of ['a', 'b', 'c']) {
      const claim = await one?.claim(key);
      if (claim?.type === 'ours') await one?.release(claim.lease, key);
    }
    expect(await one?.claim('c')).toMatchObject({ record: 'c' });
    expect(await one?.claim('b')).toMatchObject({ record: 'b' });
    expect(await one?.claim('a')).toMatchObject({ record: undefined });
  });
});
