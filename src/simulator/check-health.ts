import { Client } from '@grpc/grpc-js';
import { service as standardHealth } from 'grpc-health-check';

import { type WebexTls, toCredentials } from './caller.ts';
import { type RpcStatus, toRpcStatus } from './rpc-status.ts';

/** What a health service answered. */
export interface HealthAnswer {
  readonly status: RpcStatus;
  /** Such as `SERVING`; `undefined` unless the status is OK. */
  readonly health: string | undefined;
}

/**
 * Asks `grpc.health.v1.Health/Check` once, over a connection of its own, without a credential.
 *
 * @param tls Absent: plaintext.
 * @param service Full name of a service; empty for the whole server.
 * @param timeoutMs Longest wait for the answer, in milliseconds.
 * @returns Never a rejection, the status tells.
 */
export async function checkHealth(
  { target, tls }: { readonly target: string; readonly tls?: Omit<WebexTls, 'serverName'> },
  service: string,
  timeoutMs: number,
): Promise<HealthAnswer> {
  const { Check: method } = standardHealth;
  if (method === undefined) throw new TypeError('the health service has no Check');
  const client = new Client(target, toCredentials(tls), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
  });
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        { service },
        { deadline: Date.now() + timeoutMs },
        (error, answer?: object) =>
          resolve({
            status: toRpcStatus(error ?? { code: 0, details: '' }),
            health: answer !== undefined && 'status' in answer ? String(answer.status) : undefined,
          }),
      );
    });
  } finally {
    client.close();
  }
}
