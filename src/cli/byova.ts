#!/usr/bin/env node
import { relative, sep } from 'node:path';

import { toFailure } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { wantsColour } from './palette.ts';
import { createProgram } from './program.ts';

const io: CliIo = {
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  exitWith(code) {
    process.exitCode = code;
  },
  env: process.env,
  cwd: process.cwd(),
  hasColour: wantsColour(process.env, process.stdout.isTTY),
  command: commandOf(process.argv[1] ?? 'byova'),
  events: process,
};

// Whoever reads may stop reading, as `head` does; there is nobody left to tell then.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', () => process.exit(process.exitCode ?? 0));

try {
  await createProgram(io).parseAsync(process.argv);
} catch (error) {
  const { message, exitCode } = toFailure(error);
  if (message !== '') io.note(`byova: ${message}`);
  io.exitWith(exitCode);
}
// Not when everything has ended by itself: what a bot left running must not hold up the end.
process.stdout.write('', () => process.exit());

function commandOf(script: string): string {
  if (script.includes(`node_modules${sep}`)) return 'npx byova';
  if (!/\.[jt]s$/u.test(script)) return 'byova';
  return `${script.endsWith('.ts') ? 'npx tsx' : 'node'} ${relative(process.cwd(), script)}`;
}
