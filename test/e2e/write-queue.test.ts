import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { openSlowReaders } from '../../loadtest/support/slow-readers.ts';
import { type GatewayRig, startGatewayRig } from '../support/gateway-rig.ts';

/** Half a minute of µ-law, and the chunk that filled it. */
const MAX_HELD_BYTES = 256 * 1024 + 16_384;
const CALLS = 3;
/** How long a busy machine may take to begin three calls, or to end them. */
const PATIENCE = { timeout: 10_000 };
/** Eight minutes of sound at once: a bot that gives it piece by piece is not asked for so much. */
const BOT = `
export const bot = {
  name: 'endless',
  create: () => ({
    name: 'endless',
    async *answer() {
      yield { type: 'audio', audio: new Uint8Array(4_000_000).fill(7) };
    },
  }),
};
`;

let folder: string;
let rig: GatewayRig;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-endless-'));
  await writeFile(join(folder, 'bot.mjs'), BOT);
  rig = await startGatewayRig({
    config: { agents: [{ id: 'endless', default: true, bot: { use: join(folder, 'bot.mjs') } }] },
  });
});
afterEach(async () => {
  await rig.close();
  await rm(folder, { recursive: true });
});

async function waitingBytes(): Promise<number> {
  return Number((await rig.metric('byova_queue_bytes{queue="writes"}')).split(' ')[1]);
}

describe('what waits for clients who do not read', () => {
  it('is seen in the metrics, is bounded for each, and is gone when they are', async () => {
    expect(await waitingBytes()).toBe(0);
    const target = `127.0.0.1:${rig.gateway.grpcPort}`;
    const readers = await openSlowReaders({ target, token: rig.token() }, CALLS, 'endless');
    let most = 0;
    await vi.waitFor(async () => {
      const bytes = await waitingBytes();
      const hasGrown = bytes > most;
      most = Math.max(most, bytes);
      expect(bytes).toBeGreaterThan(CALLS * 32_000);
      expect(hasGrown).toBe(false);
    }, PATIENCE);
    expect(most).toBeLessThanOrEqual(CALLS * MAX_HELD_BYTES);
    readers.close();
    await vi.waitFor(async () => expect(await waitingBytes()).toBe(0), PATIENCE);
  });
});
