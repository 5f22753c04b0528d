import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import { createRequestWriter } from '../../src/simulator/wire-message.ts';
import { type GatewayChild, ORGANISATION } from './gateway-child.ts';
import { encodeMessage } from './measured-rpc.ts';

/** Clients who ask and never read. */
export interface SlowReaders {
  /** Those whose RPC is over: after how long, in milliseconds, and how. */
  ended(): {
    readonly afterMs: readonly number[];
    readonly how: Readonly<Record<string, number>>;
  };
  close(): void;
}

/** Begins a call on each of `count` connections, and reads nothing of the answer. */
export async function openSlowReaders(
  { target, token }: Pick<GatewayChild, 'target' | 'token'>,
  count: number,
  agentId: string,
): Promise<SlowReaders> {
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  const sessions = Array.from({ length: count }, () => connect(`http://${target}`));
  await Promise.all(sessions.map((session) => once(session, 'connect')));
  const afterMs: number[] = [];
  const how: Record<string, number> = {};
  for (const session of sessions) {
    session.on('error', () => undefined);
    const write = createRequestWriter({
      conversationId: randomUUID(),
      organisationId: ORGANISATION,
      agentId,
    });
    const beganAt = performance.now();
    const stream = session.request({
      ':method': 'POST',
      ':path': method.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: token,
    });
    // Nobody listens for data, so the stream's window stays closed once it is full.
    const end = (kind: string): void => {
      if (stream.listenerCount('close') === 0) return;
      stream.removeAllListeners('close').removeAllListeners('aborted');
      afterMs.push(performance.now() - beganAt);
      how[kind] = (how[kind] ?? 0) + 1;
    };
    stream.on('error', () => undefined);
    stream.on('aborted', () => end('reset'));
    stream.on('close', () => end(stream.rstCode === 0 ? 'completed' : 'reset'));
    stream.end(encodeMessage(method.requestSerialize(write.event('SESSION_START'))));
  }
  return {
    ended: () => ({ afterMs: [...afterMs], how: { ...how } }),
    close() {
      for (const session of sessions) session.destroy();
    },
  };
}
