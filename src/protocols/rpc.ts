import type { ServiceDefinition } from '@grpc/proto-loader';

import type { Principal } from '../conversation/principal.ts';

/** Who calls, and how the call can be found in a log. */
export interface RpcContext {
  readonly principal: Principal;
  /** Correlation id: Webex's `trackingid`, or one made here. */
  readonly trackingId: string;
  /** A header as it was sent; `name` in lower case. */
  header(name: string): string | undefined;
}

/** The writing half of a streaming RPC; messages are encoded before they come here. Ends exactly once. */
export interface ResponseWriter {
  /** Queues one message; `false`: wait for `ready` before the next. */
  write(message: Buffer): boolean;
  /** Resolves when there is room again, or when the RPC is gone; never rejects. */
  ready(): Promise<void>;
  /** Ends the RPC with OK once everything is written. */
  complete(): void;
  /** Ends the RPC with the status that belongs to `error`. */
  fail(error: unknown): void;
}

/** The reading half of a streaming RPC: called in order, never after `closed`. */
export interface RequestListener<Request> {
  /** One message. A promise holds back the next until it settles; a throw fails the RPC. */
  message(request: Request): void | Promise<void>;
  /** The client has sent its last message. */
  halfClose(): void;
  /** The RPC is over, whoever ended it: let go of what is held for it. */
  closed(): void;
}

/** Serves a bidirectional RPC: takes the writing half, gives the reading half. */
export type BidiHandler<Request> = (
  context: RpcContext,
  responses: ResponseWriter,
) => RequestListener<Request>;

/** Serves a unary RPC: gives the encoded answer, or throws. */
export type UnaryHandler<Request> = (context: RpcContext, request: Request) => Buffer;

/** A service of one protocol, ready to be bound: its definition, the schema its tokens must carry, its handlers. */
export interface ProtocolService {
  readonly schemaId: string;
  readonly definition: ServiceDefinition;
  /** By method name. */
  readonly bidi: Readonly<Record<string, BidiHandler<never>>>;
  readonly unary: Readonly<Record<string, UnaryHandler<never>>>;
}
