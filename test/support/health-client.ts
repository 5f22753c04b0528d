import {
  type ChannelCredentials,
  type ServiceError,
  type status as Status,
  credentials,
  makeClientConstructor,
} from '@grpc/grpc-js';
import { service as standardHealth } from 'grpc-health-check';

import { loadHealth } from '../../src/protocols/health/wire.ts';

/** The two health services, by the name that a test gives them. */
export type HealthDialect = 'standard' | 'cisco';
interface Answer {
  readonly status: string;
}

function connect(dialect: HealthDialect, port: number, channel: ChannelCredentials) {
  const Health = makeClientConstructor(
    dialect === 'standard' ? standardHealth : { ...loadHealth() },
    'Health',
  );
  return new Health(`127.0.0.1:${port}`, channel, { 'grpc.use_local_subchannel_pool': 1 });
}

/** Asks once, over a connection of its own: what is answered, or the code it failed with. */
export async function checkHealth(
  dialect: HealthDialect,
  port: number,
  service: string,
  channel = credentials.createInsecure(),
): Promise<string | Status> {
  const client = connect(dialect, port, channel);
  try {
    return await new Promise((resolve) => {
      client['Check']?.call(client, { service }, (error: ServiceError | null, answer?: Answer) =>
        resolve(error?.code ?? answer?.status ?? 'nothing'),
      );
    });
  } finally {
    client.close();
  }
}

/** Watches, over a connection of its own. */
export function watchHealth(dialect: HealthDialect, port: number, service: string) {
  const client = connect(dialect, port, credentials.createInsecure());
  const stream = client['Watch']?.call(client, { service });
  const heard: string[] = [];
  stream.on('data', ({ status }: Answer) => heard.push(status));
  stream.on('error', () => undefined);
  const ended = new Promise<Status>((resolve) =>
    stream.on('status', ({ code }: { readonly code: Status }) => resolve(code)),
  );
  return {
    heard,
    ended,
    close() {
      stream.cancel();
      client.close();
    },
  };
}
