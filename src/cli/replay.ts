import { type Command, InvalidArgumentError } from 'commander';

import { readBuildVersion } from '../recorder/build-version.ts';
import { compareCalls } from '../recorder/compare-calls.ts';
import { MAX_RECORDING_BYTES, RecordingError, readRecording } from '../recorder/read-recording.ts';
import type { Recording } from '../recorder/recording-format.ts';
import { isComplete, replayCall, watchedOf } from '../recorder/replay-call.ts';
import { CliError, EXIT_FAILED, EXIT_USAGE } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { createPalette } from './palette.ts';
import { formatComparison } from './replay-report.ts';
import { readUserFile } from './user-files.ts';

/** A machine that is busy is late by less than this, and an ear would not notice. */
const DEFAULT_TOLERANCE_MS = 60;

/** Adds `byova replay`: does this build do what was done when a call was recorded? */
export function addReplay(program: Command, io: CliIo): void {
  program
    .command('replay')
    .description('run a recorded call against this build and show what differs')
    .argument('<file>', 'recording of one call, as `recorder.folder` holds them')
    .option(
      '--tolerance <ms>',
      'what times and lengths may differ by, in milliseconds',
      parseTolerance,
      DEFAULT_TOLERANCE_MS,
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
= the same, ~ changed, - only in the recording, + only now. The caller and the bot do what was recorded, when it was recorded.
Exit codes: 0 nothing differs, 1 something does, 2 the file cannot be replayed.

Example:
  $ byova replay recordings/2026-01-31T09-15-00-000Z-0123456789.jsonl`,
    )
    .action(async (file: string, flags: { readonly tolerance: number; readonly json?: true }) => {
      const recording = await read(file, io.cwd);
      const isWhole = isComplete(recording);
      const lanes = compareCalls(
        watchedOf(recording.entries),
        await replayCall(recording),
        flags.tolerance,
        isWhole ? Infinity : (recording.entries.at(-1)?.at ?? 0),
      );
      const differences = lanes.reduce((sum, lane) => sum + lane.differences, 0);
      const { header } = recording;
      const summary = {
        recordedWith: header.build,
        replayedWith: readBuildVersion(),
        startedAt: header.startedAt,
        isComplete: isWhole,
        differences,
      };
      if (flags.json === true) io.print(JSON.stringify({ ...summary, lanes }, null, 2));
      else
        for (const line of formatComparison(summary, lanes, createPalette(io.hasColour)))
          io.print(line);
      if (differences > 0) io.exitWith(EXIT_FAILED);
    });
}

async function read(file: string, cwd: string): Promise<Recording> {
  try {
    return readRecording((await readUserFile(file, cwd, MAX_RECORDING_BYTES)).toString());
  } catch (error) {
    if (error instanceof CliError) throw new CliError(error.message, EXIT_USAGE);
    if (error instanceof RecordingError)
      throw new CliError(`cannot replay ${file}: ${error.message}`, EXIT_USAGE);
    throw error;
  }
}

function parseTolerance(text: string): number {
  const tolerance = Number(text);
  if (!/^\d{1,5}$/u.test(text)) throw new InvalidArgumentError('It must be 0 to 99999.');
  return tolerance;
}
