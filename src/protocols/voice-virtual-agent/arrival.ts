import type { Owner } from '../../conversation/conversation-store.ts';
import type { Found } from '../../conversation/find-conversation.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { RequestListener } from '../rpc.ts';

/** What an RPC does once it is known where it is answered. */
export interface ArrivalDeps {
  /** Asks again, after it did not get through to an owner; `undefined`: here, at once. */
  readonly findAgain: (dead: Owner) => Promise<Found> | undefined;
  readonly here: RequestListener<Buffer>;
  readonly forward: (
    owner: Owner,
    onRefused: (brought: readonly Buffer[]) => void,
  ) => RequestListener<Buffer>;
  readonly fail: (error: unknown) => void;
}

/** Owners may change while an RPC is on its way; more than this is no coincidence. */
const MAX_ATTEMPTS = 4;

/**
 * An RPC whose conversation has to be found first. Its messages wait; then they go to whoever takes them, and once more to
 * somebody else if an owner did not take them.
 */
export class Arrival implements RequestListener<Buffer> {
  readonly #deps: ArrivalDeps;
  #taker: RequestListener<Buffer> | undefined;
  #waiting: Buffer[] = [];
  #arriving: Promise<void> | undefined;
  #attempts = 0;
  #isHalfClosed = false;
  #isOver = false;

  constructor(deps: ArrivalDeps, found: Promise<Found>) {
    this.#deps = deps;
    this.#arriving = this.#arrive(found);
  }

  message(bytes: Buffer): void | Promise<void> {
    if (this.#arriving === undefined) return this.#taker?.message(bytes);
    this.#waiting.push(bytes);
    return this.#arriving;
  }

  halfClose(): void {
    this.#isHalfClosed = true;
    if (this.#arriving === undefined) this.#taker?.halfClose();
  }

  closed(): void {
    this.#isOver = true;
    this.#taker?.closed();
  }

  async #arrive(finding: Promise<Found> | undefined): Promise<void> {
    this.#attempts += 1;
    const attempt = this.#attempts;
    const isCurrent = (): boolean => !this.#isOver && attempt === this.#attempts;
    try {
      const found = await finding;
      let busy: void | Promise<void>;
      try {
        if (this.#isOver) return;
        this.#taker = found?.type === 'elsewhere' ? this.#forward(found.owner) : this.#deps.here;
        // The first message enters the conversation at once.
        busy = this.#next();
      } finally {
        if (found?.type === 'here') found.settle();
      }
      await busy;
      while (this.#waiting.length > 0 && isCurrent()) await this.#next();
      if (!isCurrent()) return;
      this.#arriving = undefined;
      if (this.#isHalfClosed) this.#taker.halfClose();
    } catch (error) {
      this.#deps.fail(error);
    }
  }

  #next(): void | Promise<void> {
    const bytes = this.#waiting.shift();
    return bytes === undefined ? undefined : this.#taker?.message(bytes);
  }

  #forward(owner: Owner): RequestListener<Buffer> {
    if (this.#attempts > MAX_ATTEMPTS)
      throw new GatewayError('ERR_CONVERSATION_OWNER_LOST', 'no replica takes the call');
    return this.#deps.forward(owner, (brought) => {
      this.#taker = undefined;
      this.#waiting.unshift(...brought);
      // Whoever does not take it has lost it, whatever the store believes.
      if (!this.#isOver) this.#arriving = this.#arrive(this.#deps.findAgain(owner));
    });
  }
}
