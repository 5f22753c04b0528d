import { CommanderError } from 'commander';

import { type GatewayError, isGatewayError } from '../core/gateway-error.ts';

/** Something went wrong that is told in one line: a file, an address, a refusal. */
export const EXIT_FAILED = 1;
/** The command line itself is wrong. */
export const EXIT_USAGE = 2;
/** The configuration, or a bot that it names, is wrong: EX_CONFIG of sysexits.h. */
export const EXIT_CONFIG = 78;

/** A failure that a verb foresaw; the message is for the person at the terminal. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_FAILED) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** What is said of an error, and the exit code that goes with it. */
export interface Failure {
  /** Empty: it was said already. */
  readonly message: string;
  readonly exitCode: number;
}

/** Turns whatever a verb threw into words. A stack is shown for a bug only. */
export function toFailure(error: unknown): Failure {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  // Commander has written its message, or the help, before it throws.
  if (error instanceof CommanderError)
    return { message: '', exitCode: error.exitCode === 0 ? 0 : EXIT_USAGE };
  if (isGatewayError(error)) {
    const isConfig = error.code === 'ERR_CONFIG_INVALID' || error.code === 'ERR_HANDLER_LOAD';
    return { message: describeGatewayError(error), exitCode: isConfig ? EXIT_CONFIG : EXIT_FAILED };
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return { message: error.message, exitCode: EXIT_FAILED };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: `this is a bug in byova: ${text}`, exitCode: EXIT_FAILED };
}

/** The message of a gateway error and, for the author of a bot that cannot be loaded, what its module threw. */
export function describeGatewayError({ code, message, cause }: GatewayError): string {
  if (code !== 'ERR_HANDLER_LOAD' || !(cause instanceof Error)) return message;
  return `${message} (${cause.name}: ${cause.message.split('\n')[0] ?? ''})`;
}
