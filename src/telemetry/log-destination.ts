import { pino, type DestinationStream } from 'pino';

import { systemClock } from '../core/clock.ts';

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
/** Handing something to the system costs many times what making a line does, so lines of different calls go together. */
const BATCH_BYTES = 8 * 1024;
/** How long a line waits for others. */
const BATCH_MS = 20;

/**
 * Opens a destination that never holds up the process: lines are written in the background, and dropped when a reader is so
 * slow that {@link MAX_WAITING_BYTES} wait for it. What waits when the process ends is written then.
 *
 * @param fd File descriptor; 1 is standard output.
 */
export function openLogDestination(fd: number): LogDestination {
  const stream = pino.destination({
    dest: fd,
    sync: false,
    maxLength: MAX_WAITING_BYTES,
    minLength: BATCH_BYTES,
    contentMode: 'buffer',
  });
  let dropped = 0;
  let waitingBytes = 0;
  let isFlushDue = false;
  let isGone = false;
  const flush = (): void => {
    isFlushDue = false;
    if (waitingBytes > 0) stream.flush();
  };
  const flushSoon = (): void => {
    if (isFlushDue) return;
    isFlushDue = true;
    systemClock.setTimer(BATCH_MS, flush);
  };
  stream.on('drop', (line: Uint8Array) => {
    dropped += 1;
    waitingBytes -= line.length;
  });
  stream.on('write', (taken: number) => {
    waitingBytes -= taken;
  });
  // Of what came while the rest was being written, too little may be there for a batch.
  stream.on('drain', () => {
    if (waitingBytes > 0) flushSoon();
  });
  // A reader that has gone away takes its log with it, and nothing else.
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    dropped += 1;
    if (code !== 'EPIPE') return;
    isGone = true;
    waitingBytes = 0;
  });
  return {
    write(line) {
      if (isGone) {
        dropped += 1;
        return;
      }
      const bytes = Buffer.from(line);
      waitingBytes += bytes.length;
      // Its types know only strings.
      stream.write(bytes as unknown as string);
      flushSoon();
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
