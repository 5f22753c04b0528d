/** Everything that was started and must be closed again, last first. */
export interface Closers {
  /** Remembers how to close what was just started, and returns it. */
  add<T>(started: T, close: (started: T) => void | Promise<void>): T;
  /** Closes everything, last started first; the same promise however often it is called. */
  close(): Promise<void>;
}

/** How most things are closed. */
export const close = (started: { close(): void | Promise<void> }): void | Promise<void> =>
  started.close();

/** Creates an empty list. */
export function createClosers(): Closers {
  const closers: (() => void | Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const closeOne of closers.toReversed())
      try {
        await closeOne();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be closed');
  };
  return {
    add(started, closeIt) {
      closers.push(() => closeIt(started));
      return started;
    },
    close: () => (closing ??= closeAll()),
  };
}
