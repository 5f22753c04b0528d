import { toWorkerModule } from '../../core/worker-module.ts';
import { setFlagsFromString } from 'node:v8';
import { MessageChannel, Worker } from 'node:worker_threads';

import { type Clock, every } from '../../core/clock.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { LogFields, Logger } from '../../core/logger.ts';
import { describeError } from '../../telemetry/describe-error.ts';
import { logEvent } from '../../telemetry/log-events.ts';
import type { BotHandler } from '../bot-handler.ts';
import { toError } from './failure.ts';
import type { IsolationOptions } from './isolated-options.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-message.ts';

/** How often a thread that says nothing is asked before it is ended. */
const PINGS = 4;
/** Longest wait for a bot to close. */
const CLOSE_GRACE_MS = 2_000;
const BYTES_PER_MB = 1024 * 1024;
/** New objects of a thread; as Node.js gives by itself. */
const YOUNG_GENERATION_MB = 24;

/** Why a thread is gone. */
export type LossReason =
  | 'exited'
  | 'crashed'
  | 'out-of-memory'
  | 'unresponsive'
  | 'load-failed'
  | 'start-timed-out'
  | 'closed';

/** Which bot a thread runs. */
export type WorkerBot = Pick<WorkerStart, 'use' | 'options' | 'baseDir'>;

/** What a thread is started with. */
export interface WorkerThreadDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the thread says once it is ready, other than signs of life. */
  readonly onMessage: (message: FromWorker) => void;
  /** Called once, when a thread that was ready is gone. */
  readonly onLost: (reason: LossReason) => void;
}

/** A thread that has loaded its bot. */
export interface WorkerThread {
  readonly name: string;
  readonly hears: BotHandler['hears'];
  readonly keepsCalls: BotHandler['keepsCalls'];
  /** Says something to it; nothing happens when it is gone. */
  post(message: ToWorker, handedOver?: readonly ArrayBuffer[]): void;
  /**
   * Has the bot closed, for at most two seconds, and ends the thread.
   *
   * @throws {GatewayError} What the bot threw.
   */
  close(): Promise<void>;
}

/**
 * Starts a thread, loads the bot in it and watches it: it is ended when it is deaf, or holds more memory than it may. What the
 * bot writes to standard output and standard error is counted and discarded, since it may hold words of the caller.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when the bot cannot be loaded, or not in time.
 */
export async function startWorkerThread(
  bot: WorkerBot,
  options: Required<IsolationOptions>,
  { clock, logger, onMessage, onLost }: WorkerThreadDeps,
): Promise<WorkerThread> {
  const channel = new MessageChannel();
  const port = channel.port1;
  const worker = spawn(
    { ...bot, maxStateLength: options.maxStateLength, port: channel.port2 },
    options,
  );
  let state: 'starting' | 'ready' | 'gone' = 'starting';
  let silentTicks = 0;
  let hasDiscarded = false;
  let heartbeat = { close: (): void => undefined };
  let settleStart: { resolve(ready: Ready): void; reject(error: unknown): void } | undefined;
  let onClosed = (_error?: GatewayError): void => undefined;

  const lose = (reason: LossReason, detail: LogFields = {}, cause?: GatewayError): void => {
    if (state === 'gone') return;
    const wasReady = state === 'ready';
    state = 'gone';
    startTimer.cancel();
    heartbeat.close();
    port.close();
    void worker.terminate();
    settleStart?.reject(
      cause ??
        new GatewayError(
          'ERR_HANDLER_LOAD',
          `bot "${bot.use}": its worker did not start (${reason})`,
          {
            detail,
          },
        ),
    );
    onClosed();
    if (!wasReady) return;
    if (reason !== 'closed')
      logEvent(logger, 'bot.worker.lost', { bot: bot.use, reason, ...detail });
    onLost(reason);
  };
  const post: WorkerThread['post'] = (message, handedOver = []) => {
    if (state !== 'gone') port.postMessage(message, handedOver);
  };
  const beat = (): void => {
    silentTicks += 1;
    // Counted in ticks, so that a pause of the whole process is not taken for one of the thread.
    if (silentTicks > PINGS) lose('unresponsive');
    else post({ type: 'ping' });
  };
  const check = ({
    bufferBytes,
    discarded,
  }: Extract<FromWorker, { readonly type: 'pong' }>): void => {
    if (bufferBytes > options.maxBuffersMb * BYTES_PER_MB)
      return lose('out-of-memory', { bufferBytes });
    if (hasDiscarded || discarded.lines + discarded.bytes === 0) return undefined;
    // Once in its life, or a talkative bot would fill the log after all.
    hasDiscarded = true;
    return logEvent(logger, 'bot.worker.discarded', { bot: bot.use, ...discarded });
  };

  const startTimer = clock.setTimer(options.startTimeoutMs, () => lose('start-timed-out'));
  worker.on('error', (error) => {
    const detail = describeError(error);
    lose(detail['code'] === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'crashed', detail);
  });
  worker.on('exit', (exitCode) => lose('exited', { exitCode }));
  for (const stream of [worker.stdout, worker.stderr]) stream.resume();
  const ready = await new Promise<Ready>((resolve, reject) => {
    settleStart = { resolve, reject };
    port.on('message', (message: FromWorker) => {
      silentTicks = 0;
      switch (message.type) {
        case 'ready':
          return resolve(message);
        case 'not-ready':
          return lose('load-failed', {}, toError(message.failure));
        case 'pong':
          return check(message);
        case 'closed':
          return onClosed(message.failure && toError(message.failure));
        default:
          return state === 'ready' ? onMessage(message) : undefined;
      }
    });
  });
  state = 'ready';
  startTimer.cancel();
  // What is open on the phone side keeps the process alive, not a bot that waits.
  worker.unref();
  port.unref();
  heartbeat = every(clock, options.unresponsiveMs / PINGS, beat);

  const close = async (): Promise<void> => {
    if (state !== 'gone') {
      let grace = { cancel: (): void => undefined };
      const error = await new Promise<GatewayError | undefined>((resolve) => {
        onClosed = resolve;
        grace = clock.setTimer(CLOSE_GRACE_MS, () => resolve(undefined));
        post({ type: 'close' });
      });
      grace.cancel();
      lose('closed');
      await worker.terminate();
      if (error !== undefined) throw error;
    }
    await worker.terminate();
  };
  let closing: Promise<void> | undefined;
  return {
    name: ready.name,
    hears: ready.hears,
    keepsCalls: ready.keepsCalls,
    post,
    close: () => (closing ??= close()),
  };
}

type Ready = Extract<FromWorker, { readonly type: 'ready' }>;

function spawn(start: WorkerStart, options: Required<IsolationOptions>): Worker {
  try {
    // A flag for the gateway's own young generation goes for every thread, whatever its limits say. What fills so large a one
    // outgrows the heap before the thread can be ended, and then the whole process ends.
    setFlagsFromString('--max-semi-space-size=0');
    return new Worker(toWorkerModule('polite-worker', import.meta.url), {
      workerData: start,
      transferList: [start.port],
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: options.maxOldGenerationSizeMb,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
    });
  } catch (cause) {
    start.port.close();
    throw new GatewayError('ERR_HANDLER_LOAD', `bot "${start.use}": its worker cannot be started`, {
      cause,
    });
  }
}
