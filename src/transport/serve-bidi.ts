import type { PeerCertificate } from 'node:tls';

import type { Principal } from '../conversation/principal.ts';
import { type Deadlines, createDeadlines } from '../core/deadlines.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { BidiHandler, RequestListener, RpcContext } from '../protocols/rpc.ts';
import { type ArrivingRpc, type CallLayers, type EndedRpc, trackingIdOf } from './call-layers.ts';
import type { ConnectionGuard } from './connection-guard.ts';
import type { OpenStream } from './open-streams.ts';
import type { CallListener, ServeCall, ServedCall } from './served-call.ts';
import { toTrailers } from './trailers.ts';
import {
  CallWriter,
  type WriteStalls,
  type WrittenCall,
  createWriteStalls,
} from './write-responses.ts';

/** What every RPC is served with. */
export interface ServeDeps {
  readonly layers: CallLayers;
  readonly connections: Pick<ConnectionGuard, 'admitted'>;
  /** RPCs that have brought no message yet. */
  readonly silent: Deadlines<SilentCall>;
  readonly stalls: WriteStalls;
}

/** An RPC that has brought no message yet. */
interface SilentCall {
  /** None came in time. */
  stayedSilent(): void;
}

/** How long clients may take; see `ServerLimits`. */
interface Patience {
  readonly firstMessageTimeoutMs: number;
  readonly writeStallTimeoutMs: number;
}

/** Puts together what the RPCs of a server share. */
export function createServeDeps(
  { firstMessageTimeoutMs, writeStallTimeoutMs }: Patience,
  deps: Pick<ServeDeps, 'layers' | 'connections'> & { readonly clock: Clock },
): ServeDeps {
  const { clock, layers, connections } = deps;
  return {
    layers,
    connections,
    silent: createDeadlines(clock, firstMessageTimeoutMs, (call) => call.stayedSilent()),
    stalls: createWriteStalls(clock, writeStallTimeoutMs),
  };
}

/**
 * Serves a bidirectional RPC. Nothing is read before the caller is known; whatever throws, here or in the handler, ends the
 * RPC with a status and never the process.
 */
export function serveBidi<Request>(
  method: string,
  schemaId: string,
  handler: BidiHandler<Request>,
  deserialize: (bytes: Buffer) => Request,
  deps: ServeDeps,
): ServeCall {
  const served: Served<Request> = { ...deps, method, schemaId, handler, deserialize };
  return (call) => new BidiCall(call, served).arrived();
}

interface Served<Request> extends ServeDeps {
  readonly method: string;
  readonly schemaId: string;
  readonly handler: BidiHandler<Request>;
  readonly deserialize: (bytes: Buffer) => Request;
}

const NOBODY: RequestListener<never> = {
  message: () => undefined,
  halfClose: () => undefined,
  closed: () => undefined,
};

/** One RPC: what its call tells, and what the layers know. One object an RPC and no closure a message, hence a class. */
class BidiCall<Request>
  implements ArrivingRpc, RpcContext, OpenStream, EndedRpc, WrittenCall, SilentCall, CallListener
{
  readonly #call: ServedCall;
  readonly #served: Served<Request>;
  readonly #writer: CallWriter;
  #principal: Principal | undefined;
  #listener: RequestListener<Request> = NOBODY;
  readonly trackingId: string;

  constructor(call: ServedCall, served: Served<Request>) {
    this.#call = call;
    this.#served = served;
    this.trackingId = trackingIdOf(call);
    this.#writer = new CallWriter(call, this, served.stalls);
    call.start(this);
  }

  get method(): string {
    return this.#served.method;
  }

  get peer(): string {
    return this.#call.peer;
  }

  get session(): object | undefined {
    return this.#call.stream.session;
  }

  get principal(): Principal {
    if (this.#principal === undefined) throw new TypeError('nobody was let in yet');
    return this.#principal;
  }

  header(name: string): string | undefined {
    return this.#call.header(name);
  }

  certificate(): PeerCertificate | undefined {
    return this.#call.certificate();
  }

  waitingBytes(): number {
    return this.#writer.waitingBytes;
  }

  fail(error: unknown): void {
    this.#writer.fail(error);
  }

  stayedSilent(): void {
    this.fail(new GatewayError('ERR_TRANSPORT_FIRST_MESSAGE_TIMEOUT', 'no message came in time'));
  }

  trailersOf(error: unknown): Readonly<Record<string, string>> {
    return toTrailers(this.trackingId, error);
  }

  ended(error: unknown): void {
    const { layers, silent } = this.#served;
    silent.delete(this);
    layers.ended(this, error);
    layers.streams.delete(this);
    const listener = this.#listener;
    // What holds this call on, in HTTP/2 and below, must not hold on what was done for it.
    this.#listener = NOBODY;
    listener.closed();
  }

  /** Finds out who calls; nothing is read before. */
  arrived(): void {
    try {
      const principal = this.#served.layers.admit(this, this.#served.schemaId);
      if (principal instanceof Promise) void this.#beginLater(principal);
      else this.#begin(principal);
    } catch (error) {
      this.fail(error);
    }
  }

  message(bytes: Buffer): void | Promise<void> {
    this.#served.silent.delete(this);
    if (this.#writer.hasEnded) return undefined;
    try {
      const busy = this.#listener.message(this.#read(bytes));
      return busy === undefined ? undefined : this.#watch(busy);
    } catch (error) {
      return this.fail(error);
    }
  }

  halfClosed(): void {
    this.#served.silent.delete(this);
    if (this.#writer.hasEnded) return;
    try {
      this.#listener.halfClose();
    } catch (error) {
      this.fail(error);
    }
  }

  broken(error: unknown): void {
    this.fail(error);
  }

  over(): void {
    this.#writer.over();
  }

  async #beginLater(admitting: Promise<Principal>): Promise<void> {
    try {
      this.#begin(await admitting);
    } catch (error) {
      this.fail(error);
    }
  }

  #begin(principal: Principal): void {
    const { connections, layers, silent, handler } = this.#served;
    const { stream } = this.#call;
    connections.admitted(stream);
    if (stream.destroyed || this.#writer.hasEnded) return this.#writer.over();
    this.#principal = principal;
    layers.streams.add(this);
    this.#listener = handler(this, this.#writer);
    silent.add(this);
    this.#call.read();
  }

  #read(bytes: Buffer): Request {
    try {
      return this.#served.deserialize(bytes);
    } catch (cause) {
      throw new GatewayError('ERR_PROTOCOL_INPUT_MISSING', 'a message cannot be read', { cause });
    }
  }

  async #watch(busy: Promise<void>): Promise<void> {
    try {
      await busy;
    } catch (error) {
      this.fail(error);
    }
  }
}
