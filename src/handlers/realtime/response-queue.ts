import type { ServerEvent } from './server-event.ts';

/** Sound that may wait for the gateway, in bytes: half a minute. Then the network waits. */
const MAX_WAITING_BYTES = 256 * 1024;
/** What any event costs beside its sound and words. */
const EVENT_BYTES = 64;

/** Events of the server on their way to the answer that waits for them. */
export interface ResponseQueue {
  push(event: ServerEvent): void;
  /** Whoever reads gets `error` at once, and again whenever it reads; what waits is dropped. */
  fail(error: unknown): void;
  /** Resolves when there is something to read; reads nothing. @throws What `fail` was given. */
  untilReady(): Promise<void>;
  /** The next event. One reader at a time. */
  next(): Promise<ServerEvent>;
}

/** Creates a queue. @param flow Asked to stop what fills it when it is full, and to go on when half of it is read. */
export function createResponseQueue(flow: {
  readonly pause: () => void;
  readonly resume: () => void;
}): ResponseQueue {
  const waiting: ServerEvent[] = [];
  let waitingBytes = 0;
  let isPaused = false;
  let failure: { readonly error: unknown } | undefined;
  let wakers: (() => void)[] = [];

  const wake = (): void => {
    const all = wakers;
    wakers = [];
    for (const resume of all) resume();
  };
  const untilReady = async (): Promise<void> => {
    if (waiting.length === 0 && failure === undefined)
      await new Promise<void>((resolve) => {
        wakers.push(resolve);
      });
    if (failure !== undefined) throw failure.error;
  };
  const account = (bytes: number): void => {
    waitingBytes += bytes;
    if (!isPaused && waitingBytes > MAX_WAITING_BYTES) {
      isPaused = true;
      flow.pause();
    } else if (isPaused && waitingBytes <= MAX_WAITING_BYTES / 2) {
      isPaused = false;
      flow.resume();
    }
  };
  return {
    push(event) {
      if (failure !== undefined) return;
      waiting.push(event);
      account(costOf(event));
      wake();
    },
    fail(error) {
      failure ??= { error };
      waiting.length = 0;
      account(-waitingBytes);
      wake();
    },
    untilReady,
    async next() {
      for (;;) {
        await untilReady();
        const event = waiting.shift();
        if (event === undefined) continue;
        account(-costOf(event));
        return event;
      }
    },
  };
}

function costOf(event: ServerEvent): number {
  if (event.type === 'audio') return EVENT_BYTES + event.audio.length;
  return EVENT_BYTES + (event.type === 'words' ? event.text.length : 0);
}
