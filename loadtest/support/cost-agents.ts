import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { TELEPHONE_FORMAT } from '../../src/audio/audio-format.ts';
import { encodeWav } from '../../src/audio/wav.ts';
import { startRealtimeServer } from '../../test/support/realtime-server.ts';
import { startWebhookServer } from '../../test/support/webhook-server.ts';
import { startChildServer } from './child-server.ts';

/** A bot that is measured. */
interface BotKind {
  /** Of its agent. */
  readonly id: string;
  readonly name: string;
}

/** Agents of one gateway, one for each kind of bot that runs on one machine, and the servers that some of them ask. */
export interface CostAgents {
  readonly kinds: readonly BotKind[];
  /** For the configuration. */
  readonly agents: readonly object[];
  /** What the stand-in of a model would have refused, so far. */
  problems(): readonly string[];
  close(): Promise<void>;
}

/** As long as the prompt that others play, within a second. */
const PHRASE = 'You pressed a key. Press another one, or stay on the line for somebody who helps.';
const WORDS = 20;
const TONE = fileURLToPath(new URL('../bots/tone.mjs', import.meta.url));
const BARE = fileURLToPath(new URL('bare-echo.ts', import.meta.url));

/** Starts the servers, which share the core of the load, and says what to configure. Build before. */
export async function startCostAgents(promptBytes: number): Promise<CostAgents> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-bots-'));
  const sound = join(folder, 'prompt.wav');
  const script = join(folder, 'script.yaml');
  await writeFile(sound, encodeWav(new Uint8Array(promptBytes).fill(0x55), TELEPHONE_FORMAT));
  const nodes = { answer: { play: sound, ask: { digits: { any: 'answer' }, maxLength: 1 } } };
  await writeFile(script, JSON.stringify({ start: 'answer', nodes }));
  const webhook = await startWebhookServer();
  const reply = JSON.stringify({ say: PHRASE, digits: { maxLength: 1 } });
  webhook.answer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(reply);
  });
  const model = await startRealtimeServer();
  model.reply(() => ({ words: Array.from({ length: WORDS }, (_, index) => `word${index} `) }));
  const upstream = await startChildServer(
    ['--import', 'tsx', BARE, String(promptBytes)],
    (line) => Number(line.split(' ')[1]),
    1,
  );
  const bots = [
    ['script', '`script`, a WAV file', { use: 'script', options: { file: script } }],
    [
      'playback',
      '`playback`, a WAV file',
      { use: 'playback', options: { greeting: sound, answers: { '5': sound } } },
    ],
    ['echo', '`echo`, names the key', { use: 'echo' }],
    ['module', 'a module with `defineBot`', { use: TONE }],
    ['isolated', 'the same, `isolate: true`', { use: TONE, isolate: true }],
    [
      'http',
      '`http`, a web service that says a sentence',
      { use: 'http', options: { url: webhook.url, secret: 'of-the-load-test-only' } },
    ],
    [
      'realtime',
      '`realtime`, a stand-in that speaks 4 s',
      { use: 'realtime', options: { url: model.url, apiKey: 'none', instructions: 'Be brief.' } },
    ],
    [
      'relay',
      '`relay-grpc`, a bare server',
      { use: 'relay-grpc', options: { target: `127.0.0.1:${upstream.port}` } },
    ],
  ] as const;
  return {
    kinds: bots.map(([id, name]) => ({ id, name })),
    agents: bots.map(([id, , bot], index) => ({
      id,
      name: id,
      default: index === 0,
      digits: { maxLength: 1 },
      bot,
    })),
    problems: () => model.problems,
    async close() {
      await upstream.stop();
      await webhook.close();
      await model.close();
      await rm(folder, { recursive: true });
    },
  };
}
