/** Where streams count what readers have not taken; one object for all of them. */
export interface SpeechTally {
  /** Waits in streams for their readers. */
  waitingBytes: number;
  /** Came when a stream was full. */
  droppedBytes: number;
}

/** What one reader hears of an utterance while it is spoken: µ-law, 8000 Hz, mono. */
export interface SpeechStream {
  /** Pieces as they come, ending with the utterance; can be read once. What waits for a slow reader is joined. */
  readonly audio: AsyncIterable<Uint8Array>;
  /** Adds a piece, which must not change afterwards; drops it when the stream has ended or is full. */
  push(piece: Uint8Array): void;
  /** The utterance is complete; may be called again. */
  end(): void;
}

/**
 * Creates a stream.
 *
 * @param maxBytes The most it passes on; what comes later is dropped.
 * @param tally Default: nobody counts.
 */
export function createSpeechStream(
  maxBytes: number,
  tally: SpeechTally = { waitingBytes: 0, droppedBytes: 0 },
): SpeechStream {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let leftBytes = maxBytes;
  let hasEnded = false;
  let wake: (() => void) | undefined;

  const wakeReader = (): void => {
    wake?.();
    wake = undefined;
  };
  /** Gives what waits, which then waits no more. */
  const take = (): readonly Uint8Array[] => {
    const pieces = waiting;
    waiting = [];
    tally.waitingBytes -= waitingBytes;
    waitingBytes = 0;
    return pieces;
  };
  const end = (): void => {
    hasEnded = true;
    wakeReader();
  };
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (waiting.length > 0) {
          const pieces = take();
          const [only] = pieces;
          yield only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
        } else if (hasEnded) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      // Nobody reads any more: nothing is kept for a reader that will not come.
      hasEnded = true;
      take();
    }
  }
  return {
    audio: read(),
    push(piece) {
      if (hasEnded) return;
      if (piece.length > leftBytes) {
        tally.droppedBytes += piece.length;
        return;
      }
      leftBytes -= piece.length;
      waitingBytes += piece.length;
      tally.waitingBytes += piece.length;
      waiting.push(piece);
      wakeReader();
    },
    end,
  };
}
