import { pino, type DestinationStream } from 'pino';

/** Where lines go without anybody waiting for them. */
export interface LogDestination extends DestinationStream {
  /** Lines that were thrown away because nobody took them. */
  readonly dropped: () => number;
  /** Bytes that nobody has taken yet. */
  readonly waitingBytes: () => number;
  /** Writes what is left, as far as it is taken at once; for the end of the process. */
  close(): void;
}

/** Lines that wait for a reader who is slow: some thousand calls' worth. More are dropped, since calls must not wait. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/**
 * Opens a destination that never holds up the process: lines are written in the background, and dropped when a reader is so
 * slow that {@link MAX_WAITING_BYTES} wait for it.
 *
 * @param fd File descriptor; 1 is standard output.
 */
export function openLogDestination(fd: number): LogDestination {
  const stream = pino.destination({ dest: fd, sync: false, maxLength: MAX_WAITING_BYTES });
  let dropped = 0;
  let waitingBytes = 0;
  stream.on('drop', (line: string) => {
    dropped += 1;
    waitingBytes -= Buffer.byteLength(line);
  });
  stream.on('write', (taken: number) => {
    waitingBytes -= taken;
  });
  // A reader that has gone away takes its log with it, and nothing else.
  stream.on('error', () => {
    dropped += 1;
  });
  return {
    write(line) {
      waitingBytes += Buffer.byteLength(line);
      stream.write(line);
    },
    dropped: () => dropped,
    waitingBytes: () => Math.max(0, waitingBytes),
    close() {
      try {
        stream.flushSync();
      } catch {
        // Nobody reads any more.
      }
    },
  };
}
