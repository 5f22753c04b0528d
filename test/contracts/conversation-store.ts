import { afterEach, describe, expect, it } from 'vitest';

import type { ConversationStore, Lease } from '../../src/conversation/conversation-store.ts';

/** How a store is opened for the contract. */
export interface ConversationStoreRig {
  /** Replicas that share one fresh, empty store; each has shown that it is alive. */
  open(count: number): Promise<readonly ConversationStore[]>;
  /** Makes the store forget everything, as one does that was started anew. */
  forget(): Promise<void>;
}

const KEY = 'organisation conversation';

/** What every {@link ConversationStore} keeps. */
export function testConversationStore(name: string, rig: ConversationStoreRig): void {
  const opened: ConversationStore[] = [];
  const openTwo = async (): Promise<readonly [ConversationStore, ConversationStore]> => {
    const [one, other] = await rig.open(2);
    if (one === undefined || other === undefined) throw new Error('two were asked for');
    opened.push(one, other);
    return [one, other];
  };
  const lease = async (store: ConversationStore, key = KEY): Promise<Lease> => {
    const claim = await store.claim(key);
    if (claim.type !== 'ours') throw new Error(`the claim is ${claim.type}`);
    return claim.lease;
  };

  describe(`${name}, as a conversation store`, () => {
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    it('gives a new conversation to the first who asks, and sends the others to him', async () => {
      const [one, other] = await openTwo();
      expect(await one.claim(KEY)).toMatchObject({ type: 'ours', record: undefined });
      expect(await other.claim(KEY)).toEqual({
        type: 'theirs',
        owner: { replicaId: one.replicaId, address: `${one.replicaId}.test:1` },
      });
    });

    it('gives one owner to a conversation, however many ask at once', async () => {
      const [one, other] = await openTwo();
      const claims = await Promise.all([one.claim(KEY), other.claim(KEY)]);
      expect(claims.map(({ type }) => type).sort()).toEqual(['ours', 'theirs']);
    });

    it('hands what was kept to the next owner, with a higher epoch', async () => {
      const [one, other] = await openTwo();
      const first = await lease(one);
      expect(await one.save(first, '{"turns":1}')).toBe(true);
      expect(await other.claim(KEY)).toMatchObject({ type: 'theirs' });
      expect(await one.release(first, '{"turns":2}')).toBe(true);
      const second = await other.claim(KEY);
      expect(second).toMatchObject({ type: 'ours', record: '{"turns":2}' });
      expect(second.type === 'ours' && second.lease.epoch > first.epoch).toBe(true);
    });

    it('keeps apart what has different keys', async () => {
      const [one, other] = await openTwo();
      await lease(one);
      expect(await other.claim(`${KEY}2`)).toMatchObject({ type: 'ours', record: undefined });
    });

    it('gives the owner who asks again a newer lease, and what was kept', async () => {
      const [one] = await openTwo();
      const first = await lease(one);
      await one.save(first, 'kept');
      const second = await one.claim(KEY);
      expect(second).toMatchObject({ type: 'ours', record: 'kept' });
      expect(second.type === 'ours' && second.lease.epoch > first.epoch).toBe(true);
      // As after a claim whose answer got lost.
      expect(await one.save(first, 'newer')).toBe(true);
      expect(await one.claim(KEY)).toMatchObject({ type: 'ours', record: 'newer' });
    });

    it('gives a lease back without a record, and keeps the one before', async () => {
      const [one, other] = await openTwo();
      await one.release(await lease(one), 'kept');
      await one.release(await lease(one), undefined);
      expect(await other.claim(KEY)).toMatchObject({ type: 'ours', record: 'kept' });
      const fresh = await lease(one, 'fresh');
      expect(await one.release(fresh, undefined)).toBe(true);
      expect(await other.claim('fresh')).toMatchObject({ type: 'ours', record: undefined });
    });

    it('gives the conversations of a replica that is gone to whoever asks, from the last save', async () => {
      const [one, other] = await openTwo();
      const first = await lease(one);
      await one.save(first, 'saved');
      await one.close();
      expect(await other.claim(KEY)).toMatchObject({ type: 'ours', record: 'saved' });
    });

    it('takes a conversation from an owner who could not be reached, and not from another', async () => {
      const [one, other] = await openTwo();
      const first = await lease(one);
      const stranger = { replicaId: 'stranger', address: 'stranger.test:1' };
      expect(await other.claim(KEY, { dead: stranger })).toMatchObject({ type: 'theirs' });
      const dead = { replicaId: one.replicaId, address: 'anything' };
      expect(await other.claim(KEY, { dead })).toMatchObject({ type: 'ours' });
      expect(await one.save(first, 'late')).toBe(false);
      expect(await one.release(first, 'late')).toBe(false);
      expect(await one.end(first)).toBe(false);
      expect(await one.claim(KEY)).toMatchObject({ type: 'theirs' });
    });

    it('knows a call as ended, until it begins anew', async () => {
      const [one, other] = await openTwo();
      const first = await lease(one);
      await one.save(first, 'kept');
      expect(await one.end(first)).toBe(true);
      expect(await one.end(first)).toBe(true);
      expect(await other.claim(KEY)).toEqual({ type: 'ended' });
      expect(await one.save(first, 'late')).toBe(false);
      expect(await one.release(first, 'late')).toBe(false);
      const begun = await other.claim(KEY, { begins: true });
      expect(begun).toMatchObject({ type: 'ours', record: undefined });
      expect(await one.claim(KEY)).toMatchObject({ type: 'theirs' });
    });

    it('ends a released conversation for its last owner, and for nobody before him', async () => {
      const [one, other] = await openTwo();
      const first = await lease(one);
      await one.release(first, 'kept');
      const second = await lease(other);
      await other.release(second, 'kept');
      expect(await one.end(first)).toBe(false);
      expect(await other.end(second)).toBe(true);
      expect(await one.claim(KEY)).toEqual({ type: 'ended' });
    });

    it('believes those who hold a lease when it has lost its memory, the newest most', async () => {
      const [one, other] = await openTwo();
      const first = await lease(one);
      await one.release(first, 'older');
      const second = await lease(other);
      await rig.forget();
      await Promise.all([one.beat(), other.beat()]);
      expect(await one.release(first, 'older')).toBe(true);
      expect(await other.save(second, 'newer')).toBe(true);
      expect(await one.release(first, 'older')).toBe(false);
      expect(await one.claim(KEY)).toMatchObject({ type: 'theirs' });
      await rig.forget();
      await Promise.all([one.beat(), other.beat()]);
      const begun = await one.claim(KEY, { begins: true });
      if (begun.type !== 'ours') throw new Error('not ours');
      const third = begun.lease;
      expect(third.epoch).toBeGreaterThan(second.epoch);
      expect(await other.save(second, 'newer')).toBe(false);
    });

    it('says that it cannot be asked once it is closed', async () => {
      const [one] = await openTwo();
      const held = await lease(one);
      await one.close();
      await one.close();
      const unavailable = { code: 'ERR_STORE_UNAVAILABLE' };
      await expect(one.claim(KEY)).rejects.toMatchObject(unavailable);
      await expect(one.save(held, '')).rejects.toMatchObject(unavailable);
      await expect(one.release(held, undefined)).rejects.toMatchObject(unavailable);
      await expect(one.end(held)).rejects.toMatchObject(unavailable);
      await expect(one.beat()).rejects.toMatchObject(unavailable);
    });
  });
}
