import { describe, expect, it } from 'vitest';

import type { Owner } from '../../../src/conversation/conversation-store.ts';
import type { Found } from '../../../src/conversation/find-conversation.ts';
import { Arrival } from '../../../src/protocols/voice-virtual-agent/arrival.ts';
import type { RequestListener } from '../../../src/protocols/rpc.ts';

const OWNER: Owner = { replicaId: 'one', address: 'one.test:1' };
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function arrive() {
  const did: string[] = [];
  const failed: unknown[] = [];
  const taker = (name: string): RequestListener<Buffer> => ({
    message(bytes) {
      const text = bytes.toString();
      did.push(`${name} ${text}`);
      if (text === 'bad') throw new Error('bad');
    },
    halfClose: () => void did.push(`${name} half-close`),
    closed: () => void did.push(`${name} closed`),
  });
  const finds: ((found: Found) => void)[] = [];
  const dead: Owner[] = [];
  const refuse: ((brought: readonly Buffer[]) => void)[] = [];
  const find = (): Promise<Found> => new Promise((resolve) => void finds.push(resolve));
  const arrival = new Arrival(
    {
      here: taker('here'),
      forward(owner, onRefused) {
        refuse.push(onRefused);
        return taker(owner.replicaId);
      },
      findAgain(owner) {
        dead.push(owner);
        return find();
      },
      fail: (error) => void failed.push(error),
    },
    find(),
  );
  const here = (): Found => ({ type: 'here', settle: () => void did.push('settled') });
  return {
    arrival,
    did,
    failed,
    dead,
    here,
    found: (found: Found) => finds.shift()?.(found),
    refuse: (...brought: readonly string[]) =>
      refuse.at(-1)?.(brought.map((text) => Buffer.from(text))),
    send: (text: string) => arrival.message(Buffer.from(text)),
  };
}

describe('an RPC whose conversation must be found', () => {
  it('holds its messages back until then, and enters with the first', async () => {
    const { arrival, did, found, here, send } = arrive();
    expect(send('one')).toBeInstanceOf(Promise);
    void send('two');
    arrival.halfClose();
    expect(did).toEqual([]);
    found(here());
    await tick();
    expect(did).toEqual(['here one', 'settled', 'here two', 'here half-close']);
    expect(send('three')).toBeUndefined();
    expect(did.at(-1)).toBe('here three');
  });

  it('lets the conversation go when it is gone before that', async () => {
    const { arrival, did, found, here, send } = arrive();
    void send('one');
    arrival.closed();
    found(here());
    await tick();
    expect(did).toEqual(['settled']);
  });

  it('goes to its owner, and elsewhere with all that it brought if he does not take it', async () => {
    const { did, dead, found, here, refuse, send } = arrive();
    void send('one');
    found({ type: 'elsewhere', owner: OWNER });
    await tick();
    void send('two');
    refuse('one', 'two');
    void send('three');
    found(here());
    await tick();
    expect(dead).toEqual([OWNER]);
    expect(did).toEqual(['one one', 'one two', 'here one', 'settled', 'here two', 'here three']);
  });

  it('fails when nobody takes it', async () => {
    const { failed, found, refuse, send } = arrive();
    void send('one');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      found({ type: 'elsewhere', owner: OWNER });
      await tick();
      refuse('one');
    }
    expect(failed).toEqual([expect.objectContaining({ code: 'ERR_CONVERSATION_OWNER_LOST' })]);
  });

  it('fails with what its message is refused with, and lets the conversation go', async () => {
    const { did, failed, found, here, send } = arrive();
    void send('bad');
    found(here());
    await tick();
    expect(failed).toEqual([expect.objectContaining({ message: 'bad' })]);
    expect(did).toEqual(['here bad', 'settled']);
  });
});
