import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import { type GatewayChild, startGatewayChild } from './gateway-child.ts';

/** An agent that says one prompt at the start and to whatever comes. */
export interface PromptAgent {
  readonly id: string;
  /** Of its prompt, µ-law, 8000 Hz. */
  readonly promptBytes: number;
  /** What it asks for, as a script's `ask`, whose answers lead to the node `answer`. */
  readonly question: object;
}

/** Starts the gateway, with trust, metrics and call logs, and such agents; the first is the default. Build before. */
export async function startScriptedGateway(
  agents: readonly PromptAgent[],
  options: readonly string[],
  settings: Readonly<Record<string, unknown>>,
  workers?: number,
): Promise<GatewayChild> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-load-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const written = await Promise.all(
      agents.map(async ({ id, promptBytes, question }, index) => {
        const sound = `${id}.wav`;
        const file = join(folder, `${id}.yaml`);
        const nodes = { answer: { play: sound, ask: question } };
        const prompt = new Uint8Array(promptBytes).fill(0x55);
        await writeFile(join(folder, sound), encodeWav(prompt, TELEPHONE_FORMAT));
        await writeFile(file, JSON.stringify({ start: 'answer', nodes }));
        return { id, name: id, default: index === 0, bot: { use: 'script', options: { file } } };
      }),
    );
    const gateway = await startGatewayChild(written, options, settings, workers);
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
