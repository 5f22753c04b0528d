import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, Metadata, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { type GatewayRig, ORGANISATION, startGatewayRig } from '../support/gateway-rig.ts';

/** Half a minute of µ-law, and the chunk that filled it. */
const MAX_HELD_BYTES = 256 * 1024 + 16_384;
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
let client: Client;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'byova-endless-'));
  await writeFile(join(folder, 'bot.mjs'), BOT);
  rig = await startGatewayRig({
    config: { agents: [{ id: 'endless', default: true, bot: { use: join(folder, 'bot.mjs') } }] },
  });
  client = new Client(`127.0.0.1:${rig.gateway.grpcPort}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await rig.close();
  await rm(folder, { recursive: true });
});

/** Starts a call whose answer nobody reads. */
function startDeafCall(conversationId: string) {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const metadata = new Metadata();
  metadata.set('authorization', rig.token());
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  );
  stream.on('error', () => undefined);
  const writer = createRequestWriter({
    conversationId,
    organisationId: ORGANISATION,
  });
  stream.write(writer.event('SESSION_START'));
  return stream;
}

async function waitingBytes(): Promise<number> {
  return Number((await rig.metric('byova_queue_bytes{queue="writes"}')).split(' ')[1]);
}

describe('what waits for clients who do not read', () => {
  it('is seen in the metrics, is bounded for each, and is gone when they are', async () => {
    expect(await waitingBytes()).toBe(0);
    const calls = ['one', 'two', 'three'].map(startDeafCall);
    let most = 0;
    await vi.waitFor(async () => {
      const bytes = await waitingBytes();
      const hasGrown = bytes > most;
      most = Math.max(most, bytes);
      expect(bytes).toBeGreaterThan(calls.length * 32_000);
      expect(hasGrown).toBe(false);
    });
    expect(most).toBeLessThanOrEqual(calls.length * MAX_HELD_BYTES);
    for (const call of calls) call.cancel();
    await vi.waitFor(async () => expect(await waitingBytes()).toBe(0));
  });
});
