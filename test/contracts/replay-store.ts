import { describe, expect, it } from 'vitest';

import type { TokenGeneration } from '../../src/auth/replay-guard.ts';
import type { ReplayStore } from '../../src/auth/replay-store.ts';
import { EXPIRY_MARGIN_MS } from '../../src/auth/rotate-generation.ts';

/** When the tests take place, in milliseconds since the epoch. */
export const NOW_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

/** Generation `index` of an identity: each a minute newer than the one before, each alive for an hour from now. */
export function generationOf(index: number, parts: Partial<TokenGeneration> = {}): TokenGeneration {
  return {
    identity: 'identity',
    tokenId: `id-${index}`,
    tokenHash: `hash-${index}`,
    issuedAtMs: NOW_MS - HOUR_MS + index * 60_000,
    expiresAtMs: NOW_MS + HOUR_MS,
    ...parts,
  };
}

/** What every {@link ReplayStore} keeps. `open` gives one that knows nothing. */
export function testReplayStore(name: string, open: () => ReplayStore): void {
  describe(`${name}, as a replay store`, () => {
    const createAsk = (store: ReplayStore, overlapMs: number | undefined) => {
      const ask = async (generation: TokenGeneration, nowMs = NOW_MS): Promise<string> =>
        (await store.rotate(generation, { nowMs, overlapMs })).decision;
      return ask;
    };

    it('knows a generation again, and the one before it during the overlap', async () => {
      const ask = createAsk(open(), 5000);
      expect(await ask(generationOf(1))).toBe('current');
      expect(await ask(generationOf(1))).toBe('known');
      expect(await ask(generationOf(2))).toBe('current');
      expect(await ask(generationOf(1), NOW_MS + 4999)).toBe('previous');
      expect(await ask(generationOf(1), NOW_MS + 5000)).toBe('superseded');
      expect(await ask(generationOf(2), NOW_MS + 5000)).toBe('known');
    });

    it('leaves the previous generation valid until it expires when no overlap is set', async () => {
      const ask = createAsk(open(), undefined);
      await ask(generationOf(1));
      await ask(generationOf(2));
      expect(await ask(generationOf(1), NOW_MS + HOUR_MS)).toBe('previous');
      expect(await ask(generationOf(3), NOW_MS + HOUR_MS)).toBe('current');
      expect(await ask(generationOf(1), NOW_MS + HOUR_MS)).toBe('superseded');
      expect(await ask(generationOf(2), NOW_MS + HOUR_MS)).toBe('previous');
    });

    it('retires the previous generation at once when the overlap is nothing', async () => {
      const ask = createAsk(open(), 0);
      await ask(generationOf(1));
      await ask(generationOf(2));
      expect(await ask(generationOf(1))).toBe('superseded');
    });

    it('takes an old generation that arrives after the new one as the previous, nearest first', async () => {
      const ask = createAsk(open(), 5000);
      await ask(generationOf(4));
      expect(await ask(generationOf(2), NOW_MS + 1000)).toBe('previous');
      expect(await ask(generationOf(3), NOW_MS + 2000)).toBe('previous');
      expect(await ask(generationOf(2), NOW_MS + 2000)).toBe('superseded');
      expect(await ask(generationOf(1), NOW_MS + 2000)).toBe('superseded');
      expect(await ask(generationOf(3), NOW_MS + 5000)).toBe('superseded');
    });

    it('takes no old generation for the first time after the overlap', async () => {
      const ask = createAsk(open(), 5000);
      await ask(generationOf(2));
      expect(await ask(generationOf(1), NOW_MS + 5000)).toBe('superseded');
    });

    it('orders equal times of issue by expiry, then by hash', async () => {
      const ask = createAsk(open(), 0);
      const issuedAtMs = NOW_MS;
      await ask(generationOf(1, { issuedAtMs, tokenHash: 'a' }));
      expect(await ask(generationOf(2, { issuedAtMs, tokenHash: 'B' }))).toBe('superseded');
      expect(await ask(generationOf(3, { issuedAtMs, tokenHash: 'b' }))).toBe('current');
      const expiresAtMs = NOW_MS + 2 * HOUR_MS;
      const renewed = generationOf(4, { issuedAtMs, expiresAtMs, tokenHash: 'A' });
      expect(await ask(renewed)).toBe('current');
      expect(await ask(generationOf(3, { issuedAtMs, tokenHash: 'b' }))).toBe('superseded');
    });

    it('refuses a token id that another token of the identity has used, and only there', async () => {
      const ask = createAsk(open(), undefined);
      await ask(generationOf(1));
      const reusing = { tokenId: 'id-1' };
      expect(await ask(generationOf(2, reusing))).toBe('token-id-reused');
      expect(await ask(generationOf(0, reusing))).toBe('token-id-reused');
      expect(await ask(generationOf(2, { ...reusing, identity: 'other' }))).toBe('current');
      expect(await ask(generationOf(1))).toBe('known');
    });

    it('lets a token id be used again when its token has expired', async () => {
      const ask = createAsk(open(), undefined);
      await ask(generationOf(1));
      await ask(generationOf(2, { expiresAtMs: NOW_MS + 3 * HOUR_MS }));
      const next = generationOf(3, { tokenId: 'id-1', expiresAtMs: NOW_MS + 3 * HOUR_MS });
      const goneMs = NOW_MS + HOUR_MS + EXPIRY_MARGIN_MS;
      expect(await ask(next, goneMs - 1)).toBe('token-id-reused');
      expect(await ask(next, goneMs)).toBe('current');
    });

    it('remembers for as long as anything that it retired or refused could live', async () => {
      const ask = createAsk(open(), 0);
      const lasting = generationOf(1, { expiresAtMs: NOW_MS + 9 * HOUR_MS });
      const refused = generationOf(0, { expiresAtMs: NOW_MS + 12 * HOUR_MS });
      await ask(lasting);
      await ask(generationOf(2));
      expect(await ask(lasting, NOW_MS + 9 * HOUR_MS)).toBe('superseded');
      await ask(refused);
      expect(await ask(refused, NOW_MS + 12 * HOUR_MS)).toBe('superseded');
      expect(await ask(lasting, NOW_MS + 12 * HOUR_MS)).toBe('superseded');
      expect(await ask(generationOf(0), NOW_MS + 12 * HOUR_MS + EXPIRY_MARGIN_MS)).toBe('current');
    });

    it('forgets the oldest token ids of an identity beyond 64, and says how many', async () => {
      const store = open();
      let forgotten = 0;
      for (let index = 0; index < 70; index++) {
        const answer = await store.rotate(generationOf(index), { nowMs: NOW_MS, overlapMs: 0 });
        forgotten += answer.forgotten;
        expect(answer.record.tokenIds.length).toBeLessThanOrEqual(64);
      }
      expect(forgotten).toBe(6);
    });

    it('learns from what the one who asks knows already', async () => {
      const knowing = open();
      await createAsk(knowing, 5000)(generationOf(1), NOW_MS - 9000);
      await createAsk(knowing, 5000)(generationOf(3), NOW_MS - 8000);
      const rotation = { nowMs: NOW_MS, overlapMs: 5000 };
      const { record: known } = await knowing.rotate(generationOf(3), rotation);

      const empty = open();
      const { decision } = await empty.rotate(generationOf(1), { ...rotation, known });
      expect(decision).toBe('superseded');
      const ask = createAsk(empty, 5000);
      expect(await ask(generationOf(2))).toBe('superseded');
      expect(await ask(generationOf(4, { tokenId: 'id-1' }))).toBe('token-id-reused');
      expect(await ask(generationOf(3))).toBe('known');
    });

    it('merges what two replicas learnt apart, whoever asks first', async () => {
      const learn = async (indexes: readonly number[]) => {
        const store = open();
        for (const index of indexes) await createAsk(store, undefined)(generationOf(index));
        const last = generationOf(indexes.at(-1) ?? 0);
        return store.rotate(last, { nowMs: NOW_MS, overlapMs: undefined });
      };
      const one = (await learn([1, 4])).record;
      const other = (await learn([2, 3])).record;
      for (const [first, second] of [
        [one, other],
        [other, one],
      ] as const) {
        const store = open();
        for (const known of [first, second])
          await store.rotate(generationOf(4), { nowMs: NOW_MS, overlapMs: undefined, known });
        const ask = createAsk(store, undefined);
        const decisions = await Promise.all([1, 2, 3, 4].map((index) => ask(generationOf(index))));
        expect(decisions).toEqual(['superseded', 'superseded', 'previous', 'known']);
      }
    });

    it('goes on when every token id it knew has expired', async () => {
      const store = open();
      const ask = createAsk(store, 0);
      await ask(generationOf(1));
      await ask(generationOf(0, { expiresAtMs: NOW_MS + 9 * HOUR_MS }));
      const nowMs = NOW_MS + 2 * HOUR_MS;
      const { record } = await store.rotate(generationOf(1), { nowMs, overlapMs: 0 });
      const again = await store.rotate(generationOf(1), { nowMs, overlapMs: 0, known: record });
      expect(again.decision).toBe('known');
      expect(again.record.tokenIds).toEqual([]);
      expect(await ask(generationOf(2, { expiresAtMs: nowMs + 1 }), nowMs)).toBe('current');
    });

    it('decides each use in one step, however many ask at once', async () => {
      const store = open();
      const ask = createAsk(store, undefined);
      const decisions = await Promise.all(Array.from({ length: 50 }, () => ask(generationOf(1))));
      expect(decisions.filter((decision) => decision === 'current')).toHaveLength(1);
      const uses = await Promise.all(
        Array.from({ length: 50 }, async () => store.useOnce(generationOf(1), NOW_MS)),
      );
      expect(uses.filter(({ decision }) => decision === 'first-use')).toHaveLength(1);
    });

    it('admits a token id once in its identity', async () => {
      const store = open();
      const use = async (generation: TokenGeneration) =>
        (await store.useOnce(generation, NOW_MS)).decision;
      expect(await use(generationOf(1))).toBe('first-use');
      expect(await use(generationOf(1))).toBe('token-id-reused');
      expect(await use(generationOf(2, { tokenId: 'id-1' }))).toBe('token-id-reused');
      expect(await use(generationOf(1, { identity: 'other' }))).toBe('first-use');
      expect(await use(generationOf(2))).toBe('first-use');
    });

    it('says that it cannot decide once it is closed', async () => {
      const store = open();
      await store.check();
      await store.close();
      await store.close();
      const unavailable = { code: 'ERR_AUTH_REPLAY_STORE_UNAVAILABLE' };
      await expect((async () => store.check())()).rejects.toMatchObject(unavailable);
      await expect(createAsk(store, 0)(generationOf(1))).rejects.toMatchObject(unavailable);
      await expect((async () => store.useOnce(generationOf(1), NOW_MS))()).rejects.toMatchObject(
        unavailable,
      );
    });
  });
}
