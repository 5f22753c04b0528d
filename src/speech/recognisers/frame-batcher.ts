/** Cuts a stream into messages of one size. */
export interface FrameBatcher {
  /** Takes a piece of any length, which is copied; gives out every message that is full. */
  push(piece: Uint8Array): void;
  /** Gives out the rest at once, if there is any. */
  flush(): void;
}

/**
 * Creates a batcher: the messages are the same however the stream was cut before.
 *
 * @param bytes Length of a message; 800 are 100 ms of telephone audio.
 * @param emit Gets each message as its own array.
 */
export function createFrameBatcher(
  bytes: number,
  emit: (message: Uint8Array) => void,
): FrameBatcher {
  let message = new Uint8Array(bytes);
  let filled = 0;
  return {
    push(piece) {
      for (let from = 0; from < piece.length;) {
        const part = piece.subarray(from, from + bytes - filled);
        message.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled < bytes) return;
        const full = message;
        message = new Uint8Array(bytes);
        filled = 0;
        emit(full);
      }
    },
    flush() {
      if (filled === 0) return;
      const rest = message.subarray(0, filled);
      message = new Uint8Array(bytes);
      filled = 0;
      emit(rest);
    },
  };
}
