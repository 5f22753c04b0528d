import { Worker } from 'node:worker_threads';

import { AbortError, abortable } from '../core/abort.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/gateway-error.ts';

/** Threads that work on one input at a time. */
export interface WorkerPool<I, O> {
  /**
   * Has one input worked on. Inputs are begun in the order in which they came.
   *
   * When `signal` fires, an input that waits is forgotten; one that is being worked on is finished and its result dropped.
   *
   * @throws {AbortError} When `signal` fired.
   * @throws {GatewayError} `ERR_SPEECH_FAILED` when the queue is full, the worker failed, died or took too long, or the
   * pool is closed.
   */
  run(input: I, signal: AbortSignal): Promise<O>;
  /** Inputs that wait for a thread. */
  readonly waiting: () => number;
  /** Ends all threads at once; what waits fails. May be called again. */
  close(): Promise<void>;
}

/** What a worker posts for each input it was posted. */
export type WorkerReply<O> =
  | { readonly type: 'done'; readonly output: O }
  | { readonly type: 'failed'; readonly error: unknown };

/** How a pool works; all are required, its user has the defaults. */
export interface WorkerPoolOptions {
  /** The worker's module. It posts one {@link WorkerReply} for each message. */
  readonly url: URL;
  /** Handed to each worker as `workerData`. */
  readonly workerData: unknown;
  /** Most threads; each is started when it is first needed and replaced when it dies. */
  readonly workers: number;
  /** Most inputs that wait for a thread. */
  readonly maxQueued: number;
  /** Longest work on one input, the start of the thread included, in milliseconds. */
  readonly timeoutMs: number;
}

interface Job<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

interface Slot<I, O> {
  worker: Worker | undefined;
  job: Job<I, O> | undefined;
  timer: Timer | undefined;
}

/** Creates a pool; no thread is started yet. */
export function createWorkerPool<I, O>(
  options: WorkerPoolOptions,
  deps: { readonly clock: Clock },
): WorkerPool<I, O> {
  const slots = Array.from({ length: options.workers }, (): Slot<I, O> => ({
    worker: undefined,
    job: undefined,
    timer: undefined,
  }));
  const waiting: Job<I, O>[] = [];
  let isClosed = false;

  const dispatch = (): void => {
    for (const slot of slots) {
      if (slot.job !== undefined) continue;
      const job = waiting.shift();
      if (job === undefined) return;
      begin(slot, job);
    }
  };
  const begin = (slot: Slot<I, O>, job: Job<I, O>): void => {
    const worker = slot.worker ?? spawn(slot);
    slot.worker = worker;
    slot.job = job;
    slot.timer = deps.clock.setTimer(options.timeoutMs, () => {
      lose(slot, worker, failed('took too long'));
      void worker.terminate();
    });
    // A thread keeps the process alive only while somebody waits for it.
    worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(job.input);
  };
  const release = (slot: Slot<I, O>): Job<I, O> | undefined => {
    const { job } = slot;
    slot.timer?.cancel();
    slot.job = undefined;
    slot.worker?.unref();
    return job;
  };
  const lose = (slot: Slot<I, O>, worker: Worker, error: GatewayError): void => {
    if (slot.worker !== worker) return;
    slot.worker = undefined;
    release(slot)?.reject(error);
    dispatch();
  };
  const spawn = (slot: Slot<I, O>): Worker => {
    const { url, workerData } = options;
    const worker = new Worker(url, { workerData });
    worker.on('message', (reply: WorkerReply<O>) => {
      if (slot.worker !== worker) return;
      const job = release(slot);
      if (reply.type === 'done') job?.resolve(reply.output);
      else job?.reject(failed('failed', reply.error));
      dispatch();
    });
    worker.on('error', (error) => lose(slot, worker, failed('died', error)));
    worker.on('exit', () => lose(slot, worker, failed('died')));
    return worker;
  };

  return {
    async run(input, signal) {
      if (signal.aborted) throw new AbortError(signal.reason);
      if (isClosed) throw failed('is closed');
      const isBusy = slots.every(({ job }) => job !== undefined);
      if (isBusy && waiting.length >= options.maxQueued) throw failed('has too much to do');
      let forget = (): void => undefined;
      const output = new Promise<O>((resolve, reject) => {
        const job = { input, resolve, reject };
        waiting.push(job);
        forget = () => {
          const index = waiting.indexOf(job);
          if (index !== -1) waiting.splice(index, 1);
        };
      });
      dispatch();
      try {
        return await abortable(output, signal);
      } finally {
        forget();
      }
    },
    waiting: () => waiting.length,
    async close() {
      isClosed = true;
      for (const job of waiting.splice(0)) job.reject(failed('is closed'));
      await Promise.all(
        slots.map(async (slot) => {
          const { worker } = slot;
          if (worker === undefined) return;
          lose(slot, worker, failed('is closed'));
          await worker.terminate();
        }),
      );
    },
  };
}

function failed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('ERR_SPEECH_FAILED', `the speech engine ${what}`, { cause });
}
