// SESSION_START turns: the gateway with authentication, metrics and call logs, beside a bare grpc-js server, in alternation.
//   npm run loadtest:turns -- [seconds a run] [repetitions]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TELEPHONE_FORMAT } from '../src/audio/audio-format.ts';
import { encodeWav } from '../src/audio/wav.ts';
import { startKeyServer } from '../src/simulator/key-server.ts';
import { createTokenIssuer } from '../src/simulator/token-issuer.ts';
import { VOICE_VIRTUAL_AGENT_SCHEMA_ID } from '../src/protocols/voice-virtual-agent/schema.ts';
import { type ChildServer, pinLoad, startChildServer } from './support/child-server.ts';
import { median } from './support/percentile.ts';
import { type TurnFigures, runTurnLoad } from './support/turn-load.ts';

const ORGANISATION = '11111111-2222-4333-8444-555555555555';
const PROMPT_BYTES = 32_768;
const CONNECTIONS = 8;
const IN_FLIGHT = 80;

const seconds = Number(process.argv[2] ?? 5);
const repetitions = Number(process.argv[3] ?? 3);

const print = (line: string): void => void process.stdout.write(`${line}\n`);

pinLoad();
const folder = await mkdtemp(join(tmpdir(), 'byova-load-'));
const servers: ChildServer[] = [];
const issuer = await createTokenIssuer({ issuer: 'http://127.0.0.1/idb' });
const keyServer = await startKeyServer(issuer);
try {
  const identity = { url: 'https://voice.example.com:443', audience: 'load', subject: 'load' };
  const token = issuer.mint({
    organisationId: ORGANISATION,
    schemaId: VOICE_VIRTUAL_AGENT_SCHEMA_ID,
    ...identity,
  });
  await writeFile(
    join(folder, 'greeting.wav'),
    encodeWav(new Uint8Array(PROMPT_BYTES).fill(0x55), TELEPHONE_FORMAT),
  );
  await writeFile(
    join(folder, 'script.yaml'),
    'start: hello\nnodes:\n  hello:\n    play: greeting.wav\n    ask: { digits: { "1": hello } }\n',
  );
  await writeFile(
    join(folder, 'byova.yaml'),
    JSON.stringify({
      grpc: { listen: '127.0.0.1:0' },
      admin: { listen: '127.0.0.1:0' },
      trust: { issuers: [{ issuer: issuer.issuer, jwksUri: keyServer.jwksUri }] },
      dataSources: [{ ...identity, schema: 'voice-virtual-agent' }],
      agents: [
        {
          id: 'load',
          name: 'Load',
          default: true,
          bot: { use: 'script', options: { file: 'script.yaml' } },
        },
      ],
      conversation: { maxConversations: 1_000_000, idleTimeoutSeconds: 5 },
    }),
  );
  const gateway = await startChildServer(
    [
      '--max-semi-space-size=64',
      'dist/cli/byova.js',
      'serve',
      '--config',
      join(folder, 'byova.yaml'),
    ],
    (line) => {
      const fields: unknown = JSON.parse(line);
      return typeof fields === 'object' && fields !== null && 'grpcPort' in fields
        ? Number(fields.grpcPort)
        : undefined;
    },
  );
  servers.push(gateway);
  const echo = await startChildServer(
    [
      '--max-semi-space-size=64',
      '--import',
      'tsx',
      'loadtest/support/bare-echo.ts',
      String(PROMPT_BYTES),
    ],
    (line) => Number(line.split(' ')[1]),
  );
  servers.push(echo);

  const variants = { gateway: gateway.port, 'bare grpc-js': echo.port };
  const figures: Record<string, TurnFigures[]> = {};
  for (let round = 0; round <= repetitions; round += 1)
    for (const [name, port] of Object.entries(variants)) {
      const result = await runTurnLoad({
        port,
        token,
        organisationId: ORGANISATION,
        connections: CONNECTIONS,
        inFlight: IN_FLIGHT,
        durationMs: (round === 0 ? 2 : seconds) * 1_000,
      });
      // The first round warms up.
      if (round > 0) (figures[name] ??= []).push(result);
      print(
        `${round === 0 ? 'warm-up' : `round ${round}`}  ${name.padEnd(14)} ${Math.round(result.turnsPerSecond)} turns/s  ${result.errors} errors`,
      );
    }

  print('');
  print(`| variant | turns a second | first answer p50 | p99 | errors |`);
  print('|---|---|---|---|---|');
  for (const [name, runs] of Object.entries(figures))
    print(
      `| ${name} | ${Math.round(median(runs.map((run) => run.turnsPerSecond)))} | ${median(runs.map((run) => run.firstAnswerP50Ms)).toFixed(1)} ms | ${median(runs.map((run) => run.firstAnswerP99Ms)).toFixed(1)} ms | ${runs.reduce((sum, run) => sum + run.errors, 0)} |`,
    );
  const ratios = (figures['gateway'] ?? []).map(
    (run, index) =>
      run.turnsPerSecond / (figures['bare grpc-js']?.[index]?.turnsPerSecond ?? Number.NaN),
  );
  print('');
  print(
    `gateway / bare grpc-js, round by round: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`,
  );
} finally {
  await keyServer.close();
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true });
}
