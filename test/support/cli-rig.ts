import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { onTestFinished } from 'vitest';

import { toFailure } from '../../src/cli/cli-error.ts';
import { createProgram } from '../../src/cli/program.ts';

/** The built program; `test/support/build.ts` keeps it current. */
const ENTRY = resolve(import.meta.dirname, '../../dist/cli/byova.js');

/** What a run of the program left behind. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A program that runs in this process, on a stage of its own. */
export interface CliStage {
  readonly folder: string;
  /** What was printed so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Signals for the verb under way. */
  readonly events: EventEmitter;
  run(...args: readonly string[]): Promise<CliRun>;
}

/** Makes a folder that is gone after the test. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'byova-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Creates a stage for the program in this process. */
export async function createCliStage(
  env: Readonly<Record<string, string>> = {},
): Promise<CliStage> {
  const folder = await makeFolder();
  const events = new EventEmitter();
  let [out, err] = ['', ''];
  return {
    folder,
    events,
    out: () => out,
    err: () => err,
    async run(...args) {
      [out, err] = ['', ''];
      let code = 0;
      const program = createProgram({
        print: (text) => void (out += `${text}\n`),
        note: (text) => void (err += `${text}\n`),
        exitWith: (given) => void (code = given),
        env,
        cwd: folder,
        hasColour: false,
        command: 'byova',
        events,
      });
      try {
        await program.parseAsync(args, { from: 'user' });
      } catch (error) {
        const { message, exitCode } = toFailure(error);
        if (message !== '') err += `byova: ${message}\n`;
        code = exitCode;
      }
      return { code, out, err };
    },
  };
}

/** Runs the real program in a process of its own. */
export async function spawnCli(
  args: readonly string[],
  options: {
    readonly cwd: string;
    /** Called with all output so far; may send a signal. */
    readonly onOutput?: (out: string, kill: (signal: NodeJS.Signals) => void) => void;
  },
): Promise<CliRun> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    options.onOutput?.(out, (signal) => void child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
  onTestFinished(() => void child.kill('SIGKILL'));
  const code = await new Promise<number>((done) => {
    child.on('close', (exitCode) => done(exitCode ?? -1));
  });
  return { code, out, err };
}
