// The thread of an isolated bot: loads it, and serves it over a port until the gateway closes or ends it.
import { workerData } from 'node:worker_threads';

import { createBot } from '../create-bot.ts';
import { isPath, loadBot } from '../load-bot.ts';
import { discardOutput } from './discard-output.ts';
import { toFailure } from './failure.ts';
import { serveBot } from './serve-bot.ts';
import { createWorkerLoggers } from './worker-logger.ts';
import type { FromWorker, WorkerStart } from './worker-message.ts';

// worker-link, the only one who starts this thread, has put it there.
const { use, options, baseDir, maxStateLength, port } = workerData as WorkerStart;
// A bot that looks here finds nothing to say anything over.
delete (workerData as { port?: unknown }).port;
const discardedBytes = discardOutput();
const post = (message: FromWorker): void => port.postMessage(message);
const loggers = createWorkerLoggers(post);
try {
  // The bots that come with the gateway are most of what there is to load, and a thread that crashes loads it all again.
  const builtIn = isPath(use) ? new Map() : (await import('../registry.ts')).BUILT_IN_BOTS;
  const factory = await loadBot(use, baseDir, builtIn);
  const bot = await createBot(factory, options, { logger: loggers.open(undefined), baseDir });
  serveBot(bot, { port, loggers, maxStateLength, discardedBytes });
  post({ type: 'ready', name: bot.name, hears: bot.hears, keepsCalls: bot.keepsCalls });
} catch (error) {
  post({ type: 'not-ready', failure: toFailure(error) });
}
