// A worker for tests of the pool: does what its input says.
import { parentPort, threadId, workerData } from 'node:worker_threads';

parentPort.on('message', (input) => {
  switch (input) {
    case 'crash':
      return process.exit(1);
    case 'throw':
      return setImmediate(() => {
        throw new Error('thrown outside');
      });
    case 'hang':
      return undefined;
    case 'fail':
      return reply({ type: 'failed', error: new Error('no') });
    case 'thread':
      return reply({ type: 'done', output: threadId });
    default:
      return reply({ type: 'done', output: `${workerData}:${input}` });
  }
});

function reply(message) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort.postMessage(message);
}
