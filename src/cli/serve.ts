import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { isWorker, joinPrimary } from '../cluster/join-primary.ts';
import { runPrimary } from '../cluster/run-primary.ts';
import type { Config } from '../config/config.ts';
import { formatConfig } from '../config/format-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { pollFile } from '../config/poll-file.ts';
import { systemClock } from '../core/clock.ts';
import type { GatewayDeps } from '../gateway/gateway-deps.ts';
import { runServer } from '../main.ts';
import { openLogDestination } from '../telemetry/log-destination.ts';
import { createLogger } from '../telemetry/logger.ts';
import { findMissing } from './check-config.ts';
import { CliError, EXIT_CONFIG, EXIT_USAGE } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';

const STANDARD_OUTPUT = 1;
const MAX_WORKERS = 64;

interface ServeFlags {
  readonly config: string;
  readonly workers: string;
  readonly check?: true;
  readonly json?: true;
}

/** Adds `byova serve`: the gateway, for real. */
export function addServe(program: Command, io: CliIo): void {
  program
    .command('serve')
    .description('answer calls, as the configuration says')
    .requiredOption('-c, --config <file>', 'configuration, a YAML file')
    .option('--workers <count>', 'processes that answer calls, 1 to 64, or auto: one per core', '1')
    .option('--check', 'check the configuration and all it names, print it, and do not serve')
    .option('--json', 'with --check: print JSON instead of YAML')
    .addHelpText(
      'after',
      `
The configuration is read anew when its file changes, and on SIGHUP; a wrong one is refused, and logged.
With several workers it is taken over by all of them or by none, and the admin port speaks for all.
SIGTERM and Ctrl-C let calls that are being answered finish; a second one ends at once.
The log goes to standard output, one JSON document a line.
Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage, 78 wrong configuration.

Examples:
  $ byova serve --config byova.yaml
  $ byova serve --config byova.yaml --check`,
    )
    .action(async (flags: ServeFlags) => {
      if (flags.json === true && flags.check !== true)
        throw new CliError('--json needs --check', EXIT_USAGE);
      const workers = countWorkers(flags.workers);
      const file = resolve(io.cwd, flags.config);
      if (isWorker()) {
        const primary = joinPrimary();
        const sharedConversations = await primary.lendConversations();
        await run(await primary.loadConfig(), io, (config, deps) =>
          runServer(
            config,
            { ...deps, ...primary, ...(sharedConversations && { sharedConversations }) },
            (gateway) => primary.ready(gateway, deps.logger),
          ),
        );
        return;
      }
      const config = await loadConfig(file, io.env);
      if (flags.check !== true) {
        const source = {
          load: () => loadConfig(file, io.env),
          watch: (onChange: () => void) => pollFile(file, onChange, { clock: systemClock }),
        };
        await run(config, io, (_config, deps) =>
          workers === 1
            ? runServer(config, { ...deps, events: io.events, source })
            : runPrimary(workers, config, { ...deps, events: io.events, source }),
        );
        return;
      }
      const problems = await findMissing(config);
      if (problems.length > 0)
        throw new CliError([`${flags.config}:`, ...problems].join('\n  '), EXIT_CONFIG);
      io.print(formatConfig(config, flags.json === true ? 'json' : 'yaml'));
    });
}

/** Runs until the process is told to stop, with a log on standard output. */
async function run(
  config: Config,
  io: CliIo,
  serve: (config: Config, deps: GatewayDeps) => Promise<number>,
): Promise<void> {
  const destination = openLogDestination(STANDARD_OUTPUT);
  const logger = createLogger(config.log.level, destination);
  try {
    io.exitWith(await serve(config, { clock: systemClock, logger, logQueue: destination, fetch }));
  } finally {
    destination.close();
  }
}

function countWorkers(text: string): number {
  if (text === 'auto') return Math.min(availableParallelism(), MAX_WORKERS);
  const count = /^\d{1,2}$/u.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_WORKERS)
    throw new CliError(`--workers takes 1 to ${MAX_WORKERS}, or auto`, EXIT_USAGE);
  return count;
}
