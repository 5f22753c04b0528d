/** The caller's voice on the worker's side of the port. */
export interface RemoteAudio {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** The piece that was asked for; `undefined`: there are no more. */
  give(piece: Uint8Array | undefined): void;
  /** Ends it for whoever reads. */
  end(): void;
}

/**
 * Creates a stream whose pieces are asked for one by one, as they are read, so that what is not read waits where it is bounded.
 *
 * @param hear Asks for a piece; `false` says that no more are wanted.
 */
export function createRemoteAudio(hear: (more: boolean) => void): RemoteAudio {
  const readers: ((step: IteratorResult<Uint8Array, undefined>) => void)[] = [];
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
    for (const resolve of readers.splice(0)) resolve({ done: true, value: undefined });
  };
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next: () => {
      if (hasEnded) return Promise.resolve({ done: true, value: undefined });
      hear(true);
      return new Promise((resolve) => readers.push(resolve));
    },
    async return() {
      if (!hasEnded) hear(false);
      end();
      return { done: true, value: undefined };
    },
  };
  return {
    pieces: { [Symbol.asyncIterator]: () => iterator },
    give(piece) {
      if (piece === undefined) end();
      else readers.shift()?.({ done: false, value: piece });
    },
    end,
  };
}
