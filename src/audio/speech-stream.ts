/** What one reader hears of an utterance while it is spoken: µ-law, 8000 Hz, mono. */
export interface SpeechStream {
  /** Pieces as they come, ending with the utterance; can be read once. What waits for a slow reader is joined. */
  readonly audio: AsyncIterable<Uint8Array>;
  /** Adds a piece, which must not change afterwards; drops it when the stream has ended or is full. */
  push(piece: Uint8Array): void;
  /** The utterance is complete; may be called again. */
  end(): void;
}

/** Creates a stream. @param maxBytes The most it passes on; what comes later is dropped. */
export function createSpeechStream(maxBytes: number): SpeechStream {
  let waiting: Uint8Array[] = [];
  let leftBytes = maxBytes;
  let hasEnded = false;
  let wake: (() => void) | undefined;

  const wakeReader = (): void => {
    wake?.();
    wake = undefined;
  };
  const end = (): void => {
    hasEnded = true;
    wakeReader();
  };
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (waiting.length > 0) {
          const [only] = waiting;
          const pieces = waiting;
          waiting = [];
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
      waiting = [];
    }
  }
  return {
    audio: read(),
    push(piece) {
      if (hasEnded || piece.length > leftBytes) return;
      leftBytes -= piece.length;
      waiting.push(piece);
      wakeReader();
    },
    end,
  };
}
