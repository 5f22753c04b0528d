import { status } from '@grpc/grpc-js';

/** How an RPC ended. */
export interface RpcStatus {
  readonly code: number;
  /** The code's name, such as `OK` or `UNAUTHENTICATED`. */
  readonly name: string;
  /** What the server said of it. */
  readonly details: string;
}

/** Converts what grpc-js tells of an RPC's end. */
export function toRpcStatus(end: { readonly code: number; readonly details: string }): RpcStatus {
  return { code: end.code, name: status[end.code] ?? 'UNKNOWN', details: end.details };
}
