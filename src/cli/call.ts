import type { Command } from 'commander';

import { loadResampler } from '../audio/resample.ts';
import { toTelephoneAudio } from '../audio/to-telephone.ts';
import { decodeWav } from '../audio/wav.ts';
import type { CallerAction } from '../simulator/caller-script.ts';
import { encodeRecording } from '../simulator/recording.ts';
import { formatReport, isGoodCall, toReportDocument } from './call-report.ts';
import { CliError, EXIT_FAILED } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { type ConnectionFlags, addConnectionOptions, connect } from './connection-options.ts';
import { parseKeys, parseSpeed } from './option-values.ts';
import { createPalette } from './palette.ts';
import { describeRefusal } from './status-words.ts';
import { createTrace, formatLegend } from './trace.ts';
import { readUserFile, writeUserFile } from './user-files.ts';

interface CallFlags extends ConnectionFlags {
  readonly agent?: string;
  readonly speed: number;
  readonly bargeIn?: true;
  readonly record?: string;
  readonly json?: true;
}

type Step =
  | { readonly type: 'audio'; readonly file: string }
  | { readonly type: 'keys'; readonly keys: string };

const MAX_WAV_BYTES = 64 * 1024 * 1024;

/** Adds `byova call`: Webex, for one call. */
export function addCall(program: Command, io: CliIo): void {
  // Options are read from left to right, and that is the order in which the caller does things.
  const steps: Step[] = [];
  addConnectionOptions(
    program.command('call').description('place one call as Webex would, and check every answer'),
  )
    .option('--agent <id>', 'virtual agent to call (default: the default agent)')
    .option('--audio <file>', 'say a WAV file; may be repeated and mixed with --dtmf', (file) =>
      steps.push({ type: 'audio', file }),
    )
    .option('--dtmf <keys>', 'press keys, such as 123#; may be repeated', (keys) =>
      steps.push({ type: 'keys', keys: parseKeys(keys) }),
    )
    .option('--barge-in', 'do not wait for the end of prompts')
    .option('--speed <n>', 'times as fast as real time', parseSpeed, 1)
    .option('--record <file>', 'write a stereo WAV: the caller left, the bot right')
    .option('--json', 'print one JSON document instead of the trace')
    .addHelpText(
      'after',
      `
The caller waits for each prompt, does the next of --audio and --dtmf, and at last hangs up.
Exit code 1: the call failed, or an answer broke the contract.

Example:
  $ byova call --target 127.0.0.1:50051 --issuer-key .byova/issuer-key.json \\
      --org 00000000-0000-4000-8000-000000000001 --dtmf 1 --record call.wav`,
    )
    .action(async (flags: CallFlags) => {
      if (!(await placeCall(flags, steps, io))) io.exitWith(EXIT_FAILED);
    });
}

async function placeCall(flags: CallFlags, steps: readonly Step[], io: CliIo): Promise<boolean> {
  const script = await toScript(flags, steps, io.cwd);
  const webex = await connect(flags, io);
  const palette = createPalette(io.hasColour);
  const isQuiet = flags.json === true;
  const print = createHeldPrinter(io.print);
  const trace = createTrace(print.line, palette);
  for (const line of formatLegend(palette)) print.line(line);
  const result = await webex
    .placeCall({
      organisationId: flags.org,
      ...(flags.agent !== undefined && { agentId: flags.agent }),
      script,
      speed: flags.speed,
      record: flags.record !== undefined,
      onEvent(event) {
        if (isQuiet) return;
        if (event.type === 'received') print.release();
        trace.onEvent(event);
      },
    })
    .finally(() => webex.close());
  const status = result.failure?.status;
  if (status !== undefined && !result.events.some(({ type }) => type === 'received') && !isQuiet)
    throw new CliError(describeRefusal(flags.target, status));
  if (!isQuiet) print.release();
  const report = { result, recording: flags.record };
  if (flags.record !== undefined)
    await writeUserFile(flags.record, io.cwd, encodeRecording(result.recording));
  if (isQuiet) io.print(JSON.stringify(toReportDocument(report), null, 2));
  else for (const line of ['', ...formatReport(report, palette)]) io.print(line);
  return isGoodCall(result);
}

/** Holds lines back until the gateway has answered: a call that is refused at once is told in one line. */
function createHeldPrinter(print: (line: string) => void) {
  let held: string[] | undefined = [];
  return {
    line(text: string): void {
      if (held === undefined) print(text);
      else held.push(text);
    },
    release(): void {
      for (const text of held ?? []) print(text);
      held = undefined;
    },
  };
}

async function toScript(
  flags: CallFlags,
  steps: readonly Step[],
  cwd: string,
): Promise<readonly CallerAction[]> {
  const bargeIn = flags.bargeIn === true;
  const script: CallerAction[] = [];
  for (const step of steps)
    script.push(
      step.type === 'keys'
        ? { type: 'press', digits: step.keys, bargeIn }
        : { type: 'speak', audio: await readSpeech(step.file, cwd), bargeIn },
    );
  // Somebody who does nothing still hears what the bot has to say.
  return [...script, { type: 'wait-for-prompt-end' }];
}

async function readSpeech(file: string, cwd: string): Promise<Uint8Array> {
  const bytes = await readUserFile(file, cwd, MAX_WAV_BYTES);
  try {
    return toTelephoneAudio(decodeWav(bytes), await loadResampler());
  } catch (error) {
    throw new CliError(`cannot use ${file}: ${error instanceof Error ? error.message : 'no WAV'}`);
  }
}
