/** Everything that was started and must be closed again, last first. */
export interface Closers {
  /** Remembers how to close what was just started, and returns it. */
  add<T>(started: T, close: (started: T) => void | Promise<void>): T;
  /** Closes everything, last started first; the same promise however often it is called. */
  close(): Promise<void>;
}

/** Creates an empty list. */
export function createClosers(): Closers {
  const closers: (() => void | Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const close of closers.toReversed())
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be closed');
  };
  return {
    add(started, close) {
      closers.push(() => close(started));
      return started;
    },
    close: () => (closing ??= closeAll()),
  };
}
