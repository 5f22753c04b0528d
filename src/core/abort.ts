/** Thrown where somebody waits and the wait is called off. */
export class AbortError extends Error {
  constructor(reason?: unknown) {
    super('aborted', { cause: reason });
    this.name = 'AbortError';
  }
}

/**
 * Waits for `promise`, or until `signal` fires, whichever is first.
 *
 * The promise itself goes on; what it gives or throws later is dropped.
 *
 * @throws {AbortError} When the signal fired; `cause` is its reason.
 */
export function abortable<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(new AbortError(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const settle =
      <V>(finish: (value: V) => void) =>
      (value: V): void => {
        signal.removeEventListener('abort', onAbort);
        finish(value);
      };
    promise.then(settle(resolve), settle(reject));
  });
}
