import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { CORES, pinnedTo } from './cores.ts';

/** What a process holds: bytes, and open things by kind. */
export interface HeldMemory {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Of buffers and the like, beside the heap. */
  readonly externalBytes: number;
  readonly handles: Readonly<Record<string, number>>;
}

/** A server in a process of its own. */
export interface ChildServer {
  readonly port: number;
  /** What the process has used of the processor since it began, all of its threads together, in microseconds. */
  cpuMicros(): Promise<number>;
  /**
   * What it holds.
   *
   * @param isWeighed Whether its garbage is collected before, which takes `--expose-gc`; default `true`.
   */
  memory(isWeighed?: boolean): Promise<HeldMemory>;
  /** Writes a snapshot of its heap into a file. */
  writeHeapSnapshot(file: string): Promise<void>;
  /** Begins to take down where its time goes. @returns What writes that into a file, for the tools of a browser. */
  profile(): Promise<(file: string) => Promise<void>>;
  stop(): Promise<void>;
}

/**
 * Starts a server on one core, where the system can pin it, and waits until it says where it listens.
 *
 * @param command Arguments of Node.js.
 * @param findPort Reads the port out of a line of standard output; `undefined` for lines that do not tell.
 * @param core Where it runs, and what is measured runs on the first; `'all'`: on every core there is.
 */
export async function startChildServer(
  command: readonly string[],
  findPort: (line: string) => number | undefined,
  core: number | 'all' = 0,
): Promise<ChildServer> {
  const probe = ['--import', new URL('cpu-probe.mjs', import.meta.url).href];
  const [program = process.execPath, ...args] = [
    ...(core === 'all' ? [] : pinnedTo(core)),
    process.execPath,
    ...probe,
    ...command,
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const port = await firstPort(child, findPort);
  let asked: Promise<unknown> = Promise.resolve();
  /** The probe answers one question after another. */
  const ask = <T>(question: string, toAnswer: (message: unknown) => T): Promise<T> => {
    const answered = asked.then(async () => {
      const answer = once(child, 'message');
      child.send(question);
      const [message]: unknown[] = await answer;
      return toAnswer(message);
    });
    asked = answered.catch(() => undefined);
    return answered;
  };
  return {
    port,
    cpuMicros: () => ask('cpu', Number),
    // Our own probe, of the same version, says what it is.
    memory: (isWeighed = true) =>
      ask(`memory ${isWeighed ? 'weighed' : 'as-is'}`, (message) => message as HeldMemory),
    writeHeapSnapshot: (file) => ask(`heap ${file}`, () => undefined),
    profile: () => ask('profile', () => (file) => ask(`write-profile ${file}`, () => undefined)),
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function firstPort(
  child: ChildProcess,
  findPort: (line: string) => number | undefined,
): Promise<number> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the child has no standard output');
  const lines = createInterface({ input: stdout });
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server stopped before it was ready')));
    lines.on('line', (line) => {
      const port = findPort(line);
      if (port === undefined) return;
      resolve(port);
      // What follows is thrown away unread, so that a server that logs neither waits nor costs the load its time.
      lines.close();
      stdout.resume();
    });
  });
}

/** Keeps this process, which makes the load, off the core of the servers, where the system can. */
export function pinLoad(): void {
  const [, core] = CORES;
  if (core !== undefined) execFileSync('taskset', ['-a', '-p', '-c', `${core}`, `${process.pid}`]);
}
