import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { percentile } from './percentile.ts';

/** Large enough never to be what holds an answer back. */
const CLIENT_WINDOW_BYTES = 16 * 1024 * 1024;

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

/**
 * Keeps `inFlight` turns going for `durationMs`: each starts a call of its own, takes the greeting, and is done.
 *
 * Speaks HTTP/2 without a gRPC library, whose client costs more than the servers that are measured.
 */
export async function runTurnLoad(load: TurnLoad): Promise<TurnFigures> {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const sessions = Array.from({ length: load.connections }, () =>
    connect(`http://127.0.0.1:${load.port}`),
  );
  await Promise.all(sessions.map((session) => once(session, 'connect')));
  for (const session of sessions) session.setLocalWindowSize(CLIENT_WINDOW_BYTES);
  const headers = {
    ':method': 'POST',
    ':path': method.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: load.token,
  };
  const latencies: number[] = [];
  let turns = 0;
  let errors = 0;

  const turn = (session: ClientHttp2Session): Promise<void> =>
    new Promise((resolve) => {
      const startedAt = performance.now();
      const stream = session.request(headers);
      let status: unknown;
      stream.once('data', () => latencies.push(performance.now() - startedAt));
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('error', () => undefined);
      stream.on('close', () => {
        if (status === '0') turns += 1;
        else errors += 1;
        resolve();
      });
      stream.resume();
      stream.end(
        frame(
          method.requestSerialize({
            conversation_id: randomUUID(),
            customer_org_id: load.organisationId,
            event_input: { event_type: 'SESSION_START' },
          }),
        ),
      );
    });

  const startedAt = performance.now();
  const endsAt = startedAt + load.durationMs;
  await Promise.all(
    Array.from({ length: load.inFlight }, async (_, index) => {
      const session = sessions[index % sessions.length];
      if (session === undefined) return;
      while (performance.now() < endsAt) await turn(session);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const session of sessions) session.close();
  return {
    turnsPerSecond: turns / seconds,
    firstAnswerP50Ms: percentile(latencies, 0.5),
    firstAnswerP99Ms: percentile(latencies, 0.99),
    errors,
  };
}

/** A gRPC message: not compressed, its length, its bytes. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
