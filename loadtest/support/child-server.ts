import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A server in a process of its own. */
export interface ChildServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a server on one core, where the system can pin it, and waits until it says where it listens.
 *
 * @param command Arguments of Node.js.
 * @param findPort Reads the port out of a line of standard output; `undefined` for lines that do not tell.
 */
export async function startChildServer(
  command: readonly string[],
  findPort: (line: string) => number | undefined,
): Promise<ChildServer> {
  const pin = process.platform === 'linux' ? ['taskset', '-c', '0'] : [];
  const [program = process.execPath, ...args] = [...pin, process.execPath, ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await firstPort(child, findPort);
  return {
    port,
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
  if (process.platform === 'linux')
    execFileSync('taskset', ['-a', '-p', '-c', '1', `${process.pid}`]);
}
