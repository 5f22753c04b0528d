// Loaded into a server that is measured, before its own code: tells what its process has used and what it holds, when asked.
import cluster from 'node:cluster';
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { writeHeapSnapshot } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

/** CPU time of the process, in microseconds. */
function readCpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function readMemory(isWeighed) {
  if (isWeighed) {
    globalThis.gc?.();
    // This one finds what the first has let go of.
    globalThis.gc?.();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const handles = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { residentBytes: rss, heapBytes: heapUsed, externalBytes: external, handles };
}

const inspector = new Session();

/** Begins to take down where the time goes; written by {@link writeProfile}. */
async function startProfile() {
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.start');
}

async function writeProfile(file) {
  const { profile } = await inspector.post('Profiler.stop');
  inspector.disconnect();
  await writeFile(file, JSON.stringify(profile));
}

// Threads and workers of the server load this too, and workers have a channel of their own.
if (isMainThread && cluster.isPrimary) {
  process.on('message', (question) => {
    const [what, detail] = String(question).split(' ');
    if (what === 'profile') void startProfile().then(() => process.send('on'));
    else if (what === 'write-profile') void writeProfile(detail).then(() => process.send('off'));
    else if (what === 'heap') process.send(writeHeapSnapshot(detail));
    else if (what === 'memory') process.send(readMemory(detail === 'weighed'));
    else process.send(readCpu());
  });
  process.channel.unref();
}
