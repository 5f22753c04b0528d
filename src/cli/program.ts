import { createRequire } from 'node:module';

import { Command } from 'commander';

import { addAgents } from './agents.ts';
import { addCall } from './call.ts';
import type { CliIo } from './cli-io.ts';
import { addDemo } from './demo.ts';
import { addDev } from './dev.ts';
import { addDoctor } from './doctor.ts';
import { addReplay } from './replay.ts';
import { addServe } from './serve.ts';
import { addToken } from './token.ts';

/** Creates the program `byova` with all its verbs. It never ends the process: it throws, or tells `io`. */
export function createProgram(io: CliIo): Command {
  const program = new Command('byova')
    .description('Lets callers of Webex Contact Center talk to your own bot.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.replace(/\n$/u, '')),
      writeErr: (text) => io.note(text.replace(/\n$/u, '')),
      getOutHasColors: () => io.hasColour,
      outputError: (text, write) => write(text.replace(/^error: /u, 'byova: ')),
    })
    .addHelpText('after', '\nThe first minute:\n  $ byova demo');
  for (const add of [addServe, addDev, addCall, addToken, addAgents, addDoctor, addReplay, addDemo])
    add(program, io);
  return program;
}

/** The package's own file lies above the sources and above the compiled code alike. */
function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as {
    readonly version: string;
  };
  return version;
}
