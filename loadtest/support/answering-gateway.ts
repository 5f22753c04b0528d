import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';

/** How the gateway is started. */
export interface AnsweringGatewayOptions {
  /** Agents by id, with the bytes of what each says to whatever it hears: µ-law, 8000 Hz. */
  readonly prompts: Readonly<Record<string, number>>;
  /** Of Node.js. */
  readonly options?: readonly string[];
  /** More sections of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Nobody is turned away, so that what is too much is seen. */
const OPEN_TO_ALL = { maxConversations: 100_000, shedding: { loopDelayMs: 60_000 } };

/** Starts the gateway, with trust, metrics and call logs, and agents that listen and answer: one prompt, again and again. Build before. */
export async function startAnsweringGateway({
  prompts,
  options = [],
  settings = { conversation: OPEN_TO_ALL },
}: AnsweringGatewayOptions): Promise<GatewayChild> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-load-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const agents = await Promise.all(
      Object.entries(prompts).map(async ([id, bytes]) => {
        const sound = `${id}.wav`;
        await writeFile(
          join(folder, sound),
          encodeWav(new Uint8Array(bytes).fill(0x55), TELEPHONE_FORMAT),
        );
        const ask = { listen: 'voice-and-digits', speech: 'answer', digits: { any: 'answer' } };
        const file = join(folder, `${id}.yaml`);
        await writeFile(
          file,
          JSON.stringify({ start: 'answer', nodes: { answer: { play: sound, ask } } }),
        );
        return { id, bot: { use: 'script', options: { file } } };
      }),
    );
    const gateway = await startGatewayChild(agents, options, settings);
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
