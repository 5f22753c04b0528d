import { ERROR_CODES, GatewayError } from '../core/gateway-error.ts';
import { RelayRoom } from './relay-room.ts';
import type { RelayEnd, RelayListener, RelayStream } from './relay.ts';
import type { TurnSink } from './turn-sink.ts';

/** Where a forwarded RPC's answers go. */
interface ForwardSink extends Pick<TurnSink, 'ready' | 'complete' | 'fail'> {
  /** Queues bytes as they are; `false`: wait for `ready`. */
  forward(bytes: Buffer): boolean;
}

/** Why an RPC was not taken where it was sent to: nobody there, or the conversation is not there any more. */
type Refusal = 'unreachable' | 'elsewhere';

/** What a forwarded RPC works with. */
export interface ForwardedTurnDeps {
  /** Opens it at the other replica; never rejects. */
  readonly open: (listener: RelayListener) => Promise<RelayStream>;
  readonly sink: ForwardSink;
  /**
   * It was not taken, and nothing of it was done: it may be tried elsewhere with what it has brought so far. Nothing more
   * comes from this turn.
   */
  readonly onRefused: (refusal: Refusal, brought: readonly Buffer[]) => void;
  /** It is over, with the gRPC status of the other replica, or `refused`. */
  readonly onOver: (status: string) => void;
}

/** What may be sent before the other replica has said a word; beyond it, the RPC is not tried elsewhere. */
const MAX_KEPT_BYTES = 64 * 1024;
/** Codes of a replica that has done nothing. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ERR_CONVERSATION_ELSEWHERE',
  'ERR_TRANSPORT_DRAINING',
]);

/**
 * One RPC that another replica answers, since it has the conversation: bytes go both ways as they are. The other replica is
 * no more trusted than a bot is: it may fail, vanish or hold back, and the RPC ends once.
 */
export class ForwardedTurn implements RelayListener {
  readonly #deps: ForwardedTurnDeps;
  readonly #opening: Promise<void>;
  #stream: RelayStream | undefined;
  #isHalfClosed = false;
  /** What was sent, as long as it can be sent again. */
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #isDone = false;
  readonly #room = new RelayRoom();

  constructor(deps: ForwardedTurnDeps) {
    this.#deps = deps;
    this.#opening = this.#open();
  }

  /** @returns A promise when the other replica has no room: wait for it before the next message. */
  message(bytes: Buffer): void | Promise<void> {
    if (this.#isDone) return undefined;
    this.#keep(bytes);
    if (this.#stream === undefined) return this.#opening;
    return this.#stream.send(bytes) ? undefined : this.#room.wait();
  }

  halfClose(): void {
    this.#isHalfClosed = true;
    this.#stream?.halfClose();
  }

  /** The RPC is gone: so is the one over there, at once. */
  closed(): void {
    if (!this.#leave('CANCELLED')) return;
    this.#stream?.cancel();
  }

  relayed(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#kept = undefined;
    if (this.#deps.sink.forward(bytes)) return;
    this.#stream?.pause();
    void this.#deps.sink.ready().then(() => this.#stream?.resume());
  }

  relayDrained(): void {
    this.#room.open();
  }

  relayEnded(end: RelayEnd): void {
    const brought = this.#kept;
    const refusal = refusalOf(end);
    if (refusal !== undefined && brought !== undefined) {
      if (this.#leave('refused')) this.#deps.onRefused(refusal, brought);
      return;
    }
    if (!this.#leave(end.status)) return;
    if (end.status === 'OK') this.#deps.sink.complete();
    else this.#deps.sink.fail(toError(end));
  }

  async #open(): Promise<void> {
    const stream = await this.#deps.open(this);
    if (this.#isDone) return stream.cancel();
    this.#stream = stream;
    for (const bytes of this.#kept ?? []) stream.send(bytes);
    if (this.#isHalfClosed) stream.halfClose();
  }

  #keep(bytes: Buffer): void {
    if (this.#kept === undefined) return;
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > MAX_KEPT_BYTES) this.#kept = undefined;
    else this.#kept.push(bytes);
  }

  #leave(status: string): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#room.open();
    this.#deps.onOver(status);
    return true;
  }
}

function codeOf({ details }: RelayEnd): string {
  return details.split(':', 1)[0] ?? '';
}

function refusalOf(end: RelayEnd): Refusal | undefined {
  if (end.status === 'OK') return undefined;
  if (!end.hasBegun) return 'unreachable';
  return REFUSALS.has(codeOf(end)) ? 'elsewhere' : undefined;
}

/** What the owner has refused the caller with; anything else is told as the loss of the owner. */
function toError(end: RelayEnd): GatewayError {
  const code = ERROR_CODES.find((known) => known === codeOf(end));
  if (code !== undefined && !REFUSALS.has(code))
    return new GatewayError(code, end.details.slice(code.length + 2));
  return new GatewayError('ERR_CONVERSATION_OWNER_LOST', 'the replica that has the call is gone', {
    detail: { status: end.status },
  });
}
