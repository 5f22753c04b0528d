// Loaded into a server that is measured, before its own code: tells what its process has used and what it holds, when asked.
import { isMainThread } from 'node:worker_threads';
import { writeHeapSnapshot } from 'node:v8';

/** CPU time of the process, in microseconds. */
function readCpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function readMemory() {
  // The second finds what the first has let go of.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { residentBytes: rss, heapBytes: heapUsed, externalBytes: external, handles };
}

// Threads of the server load this too.
if (isMainThread) {
  process.on('message', (question) => {
    const [what, file] = String(question).split(' ');
    if (what === 'heap') process.send(writeHeapSnapshot(file));
    else process.send(what === 'memory' ? readMemory() : readCpu());
  });
  process.channel.unref();
}
