import { randomUUID } from 'node:crypto';

import { Client, Metadata, credentials, status as Status } from '@grpc/grpc-js';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { percentile } from './percentile.ts';

/** A load of SESSION_START turns. */
export interface TurnLoad {
  readonly port: number;
  readonly token: string;
  readonly organisationId: string;
  readonly connections: number;
  /** Turns under way at once, over all connections. */
  readonly inFlight: number;
  readonly durationMs: number;
}

/** What the load measured. */
export interface TurnFigures {
  readonly turnsPerSecond: number;
  readonly firstAnswerP50Ms: number;
  readonly firstAnswerP99Ms: number;
  readonly errors: number;
}

/** Keeps `inFlight` turns going for `durationMs`: each starts a call of its own, takes the greeting, and is done. */
export async function runTurnLoad(load: TurnLoad): Promise<TurnFigures> {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const clients = Array.from(
    { length: load.connections },
    (_, index) =>
      // An option that differs keeps grpc-js from sharing one connection.
      new Client(`127.0.0.1:${load.port}`, credentials.createInsecure(), {
        'grpc.primary_user_agent': `load-${index}`,
      }),
  );
  const metadata = new Metadata();
  metadata.set('authorization', load.token);
  const latencies: number[] = [];
  let turns = 0;
  let errors = 0;

  const turn = (client: Client): Promise<void> =>
    new Promise((resolve) => {
      const startedAt = performance.now();
      let hasAnswer = false;
      const stream = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadata,
      );
      stream.on('data', () => {
        if (!hasAnswer) latencies.push(performance.now() - startedAt);
        hasAnswer = true;
      });
      stream.on('error', () => undefined);
      stream.on('status', ({ code }) => {
        if (code === Status.OK && hasAnswer) turns += 1;
        else errors += 1;
        resolve();
      });
      stream.write({
        conversation_id: randomUUID(),
        customer_org_id: load.organisationId,
        event_input: { event_type: 'SESSION_START' },
      });
      stream.end();
    });

  const startedAt = performance.now();
  const endsAt = startedAt + load.durationMs;
  await Promise.all(
    Array.from({ length: load.inFlight }, async (_, index) => {
      const client = clients[index % clients.length];
      if (client === undefined) return;
      while (performance.now() < endsAt) await turn(client);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const client of clients) client.close();
  return {
    turnsPerSecond: turns / seconds,
    firstAnswerP50Ms: percentile(latencies, 0.5),
    firstAnswerP99Ms: percentile(latencies, 0.99),
    errors,
  };
}
