/** A source that can be read again from its beginning, until somebody is sure that this is not needed. */
export interface Rewindable<T> {
  /** Reads from the beginning; a reading before it must have stopped. */
  read(): AsyncIterable<T>;
  /** Whether everything that was read is still kept. */
  canRewind(): boolean;
  /** Keeps nothing any more. */
  forget(): void;
  /** Tells the source that nobody reads on. */
  close(): void;
}

/**
 * Makes a source that is read once readable again.
 *
 * @param maxKept Items that are kept; a source that has given more cannot be read again.
 */
export function createRewindable<T>(source: AsyncIterable<T>, maxKept: number): Rewindable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const kept: T[] = [];
  let keeps = true;
  // What a reading asked for and did not wait for is the next one's.
  let asked: Promise<IteratorResult<T>> | undefined;
  let readings = 0;

  async function* read(): AsyncIterable<T> {
    const reading = ++readings;
    yield* kept.slice();
    for (;;) {
      asked ??= iterator.next();
      const { done, value } = await asked;
      if (done === true || reading !== readings) return;
      asked = undefined;
      if (keeps && kept.push(value) > maxKept) forget();
      yield value;
    }
  }
  const forget = (): void => {
    keeps = false;
    kept.length = 0;
  };
  return {
    read,
    canRewind: () => keeps,
    forget,
    close: () => void iterator.return?.().then(undefined, () => undefined),
  };
}
