import { resolve } from 'node:path';

import { type Command, Option } from 'commander';

import type { Config, DataSourceConfig } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { systemClock } from '../core/clock.ts';
import { runInBackground } from '../core/background.ts';
import type { Gateway } from '../gateway.ts';
import { runServer } from '../main.ts';
import { toFailure } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import {
  DEVELOPMENT_CLAIMS,
  DEVELOPMENT_KEY_FILE,
  DEVELOPMENT_ORGANISATION,
  loadOrCreateIssuerKey,
  startDevelopmentBroker,
} from './development.ts';
import {
  FRONT_DESK_BOT,
  createDevelopmentConfig,
  filesOfBots,
  toBotChoice,
  toLoopbackConfig,
} from './development-config.ts';
import { parsePort } from './option-values.ts';
import { createPalette } from './palette.ts';
import { createPrettyLogger } from './pretty-log.ts';
import { formatTable } from './table.ts';
import { toShownPath } from './user-files.ts';
import { watchFiles } from './watch-files.ts';

interface DevFlags {
  readonly bot?: string;
  readonly config?: string;
  readonly port: number;
}

const DEFAULT_PORT = 50_051;

/** Adds `byova dev`: a gateway for the author of a bot. */
export function addDev(program: Command, io: CliIo): void {
  program
    .command('dev')
    .description(
      'run a gateway on this machine with keys of its own, and reload the bot when it changes',
    )
    .option(
      '--bot <bot>',
      'a module, a script in YAML, or a package (default: the front desk example)',
    )
    .addOption(
      new Option(
        '-c, --config <file>',
        'take agents and data sources from a configuration',
      ).conflicts('bot'),
    )
    .option('--port <port>', 'port for calls; 0 takes a free one', parsePort, DEFAULT_PORT)
    .addHelpText(
      'after',
      `
The gateway listens on 127.0.0.1 only, without TLS, and trusts tokens made with ${DEVELOPMENT_KEY_FILE}.

Examples:
  $ byova dev
  $ byova dev --bot ./my-bot.mjs`,
    )
    .action(async (flags: DevFlags) => io.exitWith(await runDev(flags, io)));
}

async function runDev({ bot, config: file, port }: DevFlags, io: CliIo): Promise<number> {
  const palette = createPalette(io.hasColour);
  const { key } = await loadOrCreateIssuerKey(DEVELOPMENT_KEY_FILE, io.cwd);
  const broker = await startDevelopmentBroker({ key });
  const load = async (): Promise<Config> => {
    const choice = bot === undefined ? FRONT_DESK_BOT : toBotChoice(bot, io.cwd);
    const config =
      file === undefined
        ? createDevelopmentConfig(choice, io.cwd)
        : await loadConfig(resolve(io.cwd, file), io.env);
    return toLoopbackConfig(config, broker, port);
  };
  let watcher: { close(): void } | undefined;
  try {
    const config = await load();
    const logger = createPrettyLogger(config.log.level, io.print, palette);
    return await runServer(
      config,
      { clock: systemClock, logger, fetch, events: io.events },
      (gateway) => {
        const files = [
          ...filesOfBots(config),
          ...(file === undefined ? [] : [resolve(io.cwd, file)]),
        ];
        watcher = watchFiles(files, () => reload(gateway, load, io), { clock: systemClock });
        for (const line of formatWelcome(config, gateway, files, io)) io.print(line);
      },
    );
  } finally {
    watcher?.close();
    await broker.close();
  }
}

/** A change that cannot be loaded is reported; calls go on with what was there before. */
function reload(gateway: Gateway, load: () => Promise<Config>, io: CliIo): void {
  const { red } = createPalette(io.hasColour);
  runInBackground(
    async () => gateway.reloadAgents(await load()),
    (error) => io.note(red(`not reloaded, the old bot stays: ${toFailure(error).message}`)),
  );
}

function formatWelcome(
  config: Config,
  { grpcPort, adminPort }: Gateway,
  files: readonly string[],
  io: CliIo,
): readonly string[] {
  const { bold, dim } = createPalette(io.hasColour);
  const target = `127.0.0.1:${grpcPort}`;
  return [
    '',
    ...formatTable([
      ['  calls', `${target} (gRPC without TLS)`],
      ['  health', `http://127.0.0.1:${adminPort}/readyz, metrics at /metrics`],
      ['  agents', config.agents.map(({ id }) => id).join(', ')],
      ['  key', `${DEVELOPMENT_KEY_FILE} (tokens made with it are accepted)`],
      ['  watching', files.map((file) => toShownPath(file, io.cwd)).join(', ') || 'nothing'],
    ]),
    '',
    '  Call it from another terminal:',
    '',
    bold(`    ${io.command} call --target ${target} --issuer-key ${DEVELOPMENT_KEY_FILE} \\`),
    bold(
      `      --org ${organisationOf(config)}${claimOptionsOf(config.dataSources)} --dtmf 2 --record call.wav`,
    ),
    '',
    dim('  Ctrl-C stops.'),
    '',
  ];
}

function organisationOf({ dataSources }: Config): string {
  const organisations = sourceOf(dataSources)?.organisations ?? 'any';
  return organisations === 'any'
    ? DEVELOPMENT_ORGANISATION
    : (organisations[0] ?? DEVELOPMENT_ORGANISATION);
}

function sourceOf(dataSources: readonly DataSourceConfig[]): DataSourceConfig | undefined {
  return dataSources.find(({ schemaId }) => schemaId === DEVELOPMENT_CLAIMS.schemaId);
}

/** The options of `byova call` that a token for this gateway needs besides the defaults. */
function claimOptionsOf(dataSources: readonly DataSourceConfig[]): string {
  const source = sourceOf(dataSources);
  if (source === undefined) return '';
  return (['url', 'audience', 'subject'] as const)
    .filter((name) => source[name] !== DEVELOPMENT_CLAIMS[name])
    .map((name) => ` --${name} '${source[name].replaceAll("'", String.raw`'\''`)}'`)
    .join('');
}
