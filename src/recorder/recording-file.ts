import type { FileHandle } from 'node:fs/promises';

import { runInBackground } from '../core/background.ts';
import type { RecordingEntry, RecordingHeader } from './recording-format.ts';

/** Lines that wait for the disk; beyond that it is too slow for the call. */
const MAX_WAITING_BYTES = 1_048_576;
/** Room for the line that says that there is no more. */
const LAST_LINE_BYTES = 64;

/** The file of one call. Nobody ever waits for it but who closes it. */
export interface RecordingFile {
  /** Queues a line. When the file is full, or the disk is too slow, the recording ends with a line that says so. */
  add(entry: RecordingEntry): void;
  /** Resolves when everything is on the disk, or never will be; never rejects. */
  close(): Promise<void>;
}

/** How a file is made. */
export interface RecordingFileDeps {
  /** Most bytes of it. */
  readonly maxBytes: number;
  readonly open: () => Promise<FileHandle>;
  /** It could not be opened or written; called once. */
  readonly onError: (error: unknown) => void;
}

/** Creates the file of one call; it is opened in the background. */
export function createRecordingFile(
  header: RecordingHeader,
  { maxBytes, open, onError }: RecordingFileDeps,
): RecordingFile {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let totalBytes = 0;
  let isFull = false;
  let isClosing = false;
  let hasFailed = false;
  let wake: (() => void) | undefined;

  const push = (line: string, bytes: number): void => {
    waiting.push(line);
    waitingBytes += bytes;
    totalBytes += bytes;
    wake?.();
  };
  const write = async (): Promise<void> => {
    const handle = await open();
    try {
      for (;;) {
        while (waiting.length > 0) {
          const text = waiting.join('');
          waiting = [];
          waitingBytes = 0;
          await handle.appendFile(text);
        }
        if (isClosing) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    } finally {
      await handle.close();
    }
  };
  const first = `${JSON.stringify(header)}\n`;
  push(first, first.length);
  const done = new Promise<void>((resolve) => {
    runInBackground(
      async () => {
        await write();
        resolve();
      },
      (error) => {
        hasFailed = true;
        waiting = [];
        onError(error);
        resolve();
      },
    );
  });
  return {
    add(entry) {
      if (isFull || isClosing || hasFailed) return;
      // Only ASCII is ever written, so characters are bytes.
      const line = `${JSON.stringify(entry)}\n`;
      isFull =
        totalBytes + line.length + LAST_LINE_BYTES > maxBytes ||
        waitingBytes + line.length > MAX_WAITING_BYTES;
      if (!isFull) return push(line, line.length);
      const last = `${JSON.stringify({ type: 'truncated', at: entry.at })}\n`;
      return push(last, last.length);
    },
    close() {
      isClosing = true;
      wake?.();
      return done;
    },
  };
}
