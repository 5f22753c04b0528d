import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Config, ListenAddress } from '../config/config.ts';
import { parseConfig } from '../config/parse-config.ts';
import { DEVELOPMENT_CLAIMS, type DevelopmentBroker } from './development.ts';

/** The example that is shown when no other bot is given: from the sources and from the compiled code alike. */
const FRONT_DESK = fileURLToPath(
  new URL('../../examples/front-desk/front-desk.yaml', import.meta.url),
);

/** A bot as `agents[].bot` names it. */
export interface BotChoice {
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The bot of the example. */
export const FRONT_DESK_BOT: BotChoice = { use: 'script', options: { file: FRONT_DESK } };

/** Understands `--bot`: a script in YAML, a module by its path, or a bot by its name or package. */
export function toBotChoice(bot: string, cwd: string): BotChoice {
  if (/\.ya?ml$/iu.test(bot)) return { use: 'script', options: { file: resolve(cwd, bot) } };
  const isPath = /^\.{0,2}\//u.test(bot) || isAbsolute(bot) || /\.[cm]?[jt]s$/iu.test(bot);
  return { use: isPath ? resolve(cwd, bot) : bot, options: {} };
}

/** Files of agents' bots that can change; a package is not among them. */
export function filesOfBots(config: Config): readonly string[] {
  return config.agents.flatMap(({ bot: { use, options } }) => {
    const file = options['file'];
    return [
      ...(isAbsolute(use) || use.startsWith('.') ? [resolve(config.baseDir, use)] : []),
      ...(use === 'script' && typeof file === 'string' ? [resolve(config.baseDir, file)] : []),
    ];
  });
}

/** Makes the configuration of a gateway for one bot, all defaults besides. */
export function createDevelopmentConfig(bot: BotChoice, cwd: string): Config {
  const { schemaId, ...claims } = DEVELOPMENT_CLAIMS;
  const settings = {
    dataSources: [{ ...claims, schema: schemaId }],
    agents: [{ id: 'front-desk', name: 'Front desk', default: true, bot: { use: 'echo' } }],
    log: { level: 'info' },
  };
  const config = parseConfig(JSON.stringify(settings), {
    env: {},
    baseDir: bot.use === 'script' ? dirname(FRONT_DESK) : cwd,
    fileName: 'development settings',
  });
  return {
    ...config,
    agents: config.agents.map((agent) => ({ ...agent, bot: { ...agent.bot, ...bot } })),
  };
}

/** Moves a gateway to the loopback interface, without TLS, and lets it trust `broker` and nobody else. */
export function toLoopbackConfig(
  config: Config,
  broker: Pick<DevelopmentBroker, 'issuer' | 'jwksUri'>,
  port: number,
): Config {
  const onLoopback = (free: number): ListenAddress => ({ host: '127.0.0.1', port: free });
  return {
    ...config,
    grpc: { ...config.grpc, listen: onLoopback(port), tls: undefined },
    admin: { ...config.admin, listen: onLoopback(0) },
    trust: {
      ...config.trust,
      issuers: [{ issuer: broker.issuer.issuer, jwksUri: broker.jwksUri }],
      keys: { ...config.trust.keys, snapshotFile: undefined },
      // A developer mints tokens at will, and none is a renewal of another.
      replay: { ...config.trust.replay, policy: 'off' },
    },
  };
}
