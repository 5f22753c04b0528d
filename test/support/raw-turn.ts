import { Client, Metadata, credentials, status as Status } from '@grpc/grpc-js';

import { loadVoiceVirtualAgent } from '../../src/protocols/voice-virtual-agent/wire.ts';
import type { WireRequest } from '../../src/simulator/wire-message.ts';

/** How one RPC ended, with what trails it. */
export interface RawEnd {
  readonly status: string;
  readonly details: string;
  readonly trailers: Readonly<Record<string, unknown>>;
}

/** Makes RPCs whose trailers can be looked at. */
export function connectRaw(port: number, token: string) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { ProcessCallerInput: method } = loadVoiceVirtualAgent();
  return {
    turn(request: WireRequest, headers: Readonly<Record<string, string>> = {}): Promise<RawEnd> {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries({ authorization: token, ...headers }))
        if (value !== '') metadata.set(name, value);
      const stream = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadata,
      );
      stream.on('data', () => undefined).on('error', () => undefined);
      stream.write(request);
      stream.end();
      return new Promise((resolve) =>
        stream.on('status', ({ code, details, metadata: trailers }) =>
          resolve({ status: Status[code] ?? '', details, trailers: trailers.getMap() }),
        ),
      );
    },
    close: () => client.close(),
  };
}
