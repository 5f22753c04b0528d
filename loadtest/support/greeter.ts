import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';

/** A caller who is not heard of for so long is given up; looked for once a second. */
const IDLE_SECONDS = 1;

/**
 * Starts the gateway, with trust, metrics and call logs, and one agent that greets every call. Build before.
 *
 * @param promptBytes Of the greeting, µ-law, 8000 Hz.
 * @param question What the agent asks for, as a script's `ask`; whatever comes, it greets again.
 */
export async function startGreeter(
  promptBytes: number,
  question: object = { digits: { '1': 'hello' } },
): Promise<GatewayChild> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-load-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true });
  const greeting = encodeWav(new Uint8Array(promptBytes).fill(0x55), TELEPHONE_FORMAT);
  const script = { start: 'hello', nodes: { hello: { play: 'greeting.wav', ask: question } } };
  const file = join(folder, 'script.yaml');
  try {
    await writeFile(join(folder, 'greeting.wav'), greeting);
    await writeFile(file, JSON.stringify(script));
    const gateway = await startGatewayChild(
      [{ id: 'load', name: 'Load', default: true, bot: { use: 'script', options: { file } } }],
      [],
      { conversation: { maxConversations: 1_000_000, idleTimeoutSeconds: IDLE_SECONDS } },
    );
    return {
      ...gateway,
      async stop() {
        await gateway.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
