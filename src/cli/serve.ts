import { resolve } from 'node:path';

import type { Command } from 'commander';

import { formatConfig } from '../config/format-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { pollFile } from '../config/poll-file.ts';
import { systemClock } from '../core/clock.ts';
import { runServer } from '../main.ts';
import { openLogDestination } from '../telemetry/log-destination.ts';
import { createLogger } from '../telemetry/logger.ts';
import { findMissing } from './check-config.ts';
import { CliError, EXIT_CONFIG, EXIT_USAGE } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';

const STANDARD_OUTPUT = 1;

interface ServeFlags {
  readonly config: string;
  readonly check?: true;
  readonly json?: true;
}

/** Adds `byova serve`: the gateway, for real. */
export function addServe(program: Command, io: CliIo): void {
  program
    .command('serve')
    .description('answer calls, as the configuration says')
    .requiredOption('-c, --config <file>', 'configuration, a YAML file')
    .option('--check', 'check the configuration and all it names, print it, and do not serve')
    .option('--json', 'with --check: print JSON instead of YAML')
    .addHelpText(
      'after',
      `
The configuration is read anew when its file changes, and on SIGHUP; a wrong one is refused, and logged.
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
      const file = resolve(io.cwd, flags.config);
      const config = await loadConfig(file, io.env);
      if (flags.check !== true) {
        const destination = openLogDestination(STANDARD_OUTPUT);
        const logger = createLogger(config.log.level, destination);
        try {
          io.exitWith(
            await runServer(config, {
              clock: systemClock,
              logger,
              fetch,
              events: io.events,
              source: {
                load: () => loadConfig(file, io.env),
                watch: (onChange) => pollFile(file, onChange, { clock: systemClock }),
              },
            }),
          );
        } finally {
          destination.close();
        }
        return;
      }
      const problems = await findMissing(config);
      if (problems.length > 0)
        throw new CliError([`${flags.config}:`, ...problems].join('\n  '), EXIT_CONFIG);
      io.print(formatConfig(config, flags.json === true ? 'json' : 'yaml'));
    });
}
