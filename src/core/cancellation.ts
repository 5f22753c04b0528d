import { AbortError } from './abort.ts';

/**
 * Something that may be called off, once. An AbortSignal costs more than most answers, so one is made only for who asks.
 */
export class Cancellation<Reason> {
  #controller: AbortController | undefined;
  #isClosed = false;
  #reject: ((error: AbortError) => void) | undefined;
  /** Why it was called off; `undefined` while it was not. */
  reason: Reason | undefined;

  /** Fires when it is called off; the same object each time. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.reason !== undefined) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** Calls it off; only the first reason counts. */
  cancel(reason: Reason): void {
    if (this.#isClosed || this.reason !== undefined) return;
    this.reason = reason;
    this.#reject?.(new AbortError(reason));
    this.#controller?.abort(reason);
  }

  /** It is over: calling it off does nothing from now on. */
  close(): void {
    this.#isClosed = true;
    this.#reject = undefined;
  }

  /** @throws {AbortError} When it was called off. */
  throwIfCancelled(): void {
    if (this.reason !== undefined) throw new AbortError(this.reason);
  }

  /**
   * Waits for `promise` or until it is called off, whichever is first; one wait at a time. What the promise gives or throws
   * later is dropped.
   *
   * @throws {AbortError} When it was called off; `cause` is the reason.
   */
  wait<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.reason !== undefined) reject(new AbortError(this.reason));
      else this.#reject = reject;
      promise.then(resolve, reject);
    });
  }
}
