import type { ProcessEvents } from '../main.ts';

/** What a verb may touch of the world around it. */
export interface CliIo {
  /** Writes lines to standard output: what was asked for. */
  readonly print: (text: string) => void;
  /** Writes lines to standard error: what else there is to say. */
  readonly note: (text: string) => void;
  /** Sets the exit code: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration. */
  readonly exitWith: (code: number) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that paths on the command line start from. */
  readonly cwd: string;
  /** Whether standard output takes colours. */
  readonly hasColour: boolean;
  /** How this program was called, to be shown in advice: `byova`, or what stands for it. */
  readonly command: string;
  /** Signals and faults of the process. */
  readonly events: ProcessEvents;
}
