import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { pinnedTo } from './cores.ts';

const run = promisify(execFile);

/** The version that is installed where there is none. */
const PACKAGE = 'github.com/bojand/ghz/cmd/ghz@v0.121.0';
/** Runs a program, then tells on standard error what it took of the processor: the second line of `times` is about children. */
const TIMED = '"$@" && times >&2';

/** Where ghz is: on the path, or among Go's programs, where it is put if need be; that takes Go, and a minute. */
export async function findGhz(print: (line: string) => void): Promise<string> {
  if (await isProgram('ghz')) return 'ghz';
  if (!(await isProgram('go', 'version')))
    throw new Error('neither ghz nor Go is installed: https://ghz.sh, https://go.dev/dl');
  const environment = JSON.parse((await run('go', ['env', '-json', 'GOBIN', 'GOPATH'])).stdout) as {
    readonly GOBIN: string;
    readonly GOPATH: string;
  };
  const folder = environment.GOBIN === '' ? join(environment.GOPATH, 'bin') : environment.GOBIN;
  const program = join(folder, 'ghz');
  if (await isProgram(program)) return program;
  print(`go install ${PACKAGE}`);
  await run('go', ['install', PACKAGE]);
  return program;
}

/**
 * Runs ghz, on the core of the loads where the system can pin it.
 *
 * @returns The CPU time that it took, in seconds.
 */
export async function runGhz(program: string, args: readonly string[]): Promise<number> {
  const pin = pinnedTo(1);
  const { stderr } = await run('sh', ['-c', TIMED, 'sh', ...pin, program, '--cpus', '1', ...args]);
  return [...stderr.matchAll(/(\d+)m([\d.]+)s/gu)]
    .slice(-2)
    .reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

async function isProgram(name: string, argument = '--version'): Promise<boolean> {
  return run(name, [argument]).then(
    () => true,
    () => false,
  );
}
