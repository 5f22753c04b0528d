import { access, constants } from 'node:fs/promises';

import type { Config } from '../config/config.ts';
import { loadOrganisations } from '../config/load-organisations.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import { silentLogger } from '../core/logger.ts';
import { createBot } from '../handlers/create-bot.ts';
import { loadBot } from '../handlers/load-bot.ts';
import { BUILT_IN_BOTS } from '../handlers/registry.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { describeGatewayError } from './cli-error.ts';

/**
 * Finds what a configuration names and the machine does not have: bots that cannot be made, certificates that cannot be
 * read, organisations that cannot be known. Every bot is created and closed again.
 *
 * @returns Each problem behind its path; none when the gateway would start.
 */
export async function findMissing(config: Config): Promise<readonly string[]> {
  const found = await Promise.all([
    ...config.agents.map(async (agent, index) => findBotProblem(agent.bot, index, config.baseDir)),
    ...(['grpc', 'admin', 'peers'] as const).flatMap((section) =>
      Object.entries(config[section]?.tls ?? {}).map(async ([name, file]: [string, unknown]) =>
        typeof file === 'string' && name.endsWith('File')
          ? findFileProblem(`${section}.tls.${name.replace(/File$/u, '')}`, file)
          : undefined,
      ),
    ),
    findOrganisationsProblem(config.trust.organisationsFile),
  ]);
  return found.filter((problem) => problem !== undefined);
}

async function findBotProblem(
  { use, options }: Config['agents'][number]['bot'],
  index: number,
  baseDir: string,
): Promise<string | undefined> {
  try {
    const factory = await loadBot(use, baseDir, BUILT_IN_BOTS);
    const bot = await createBot(factory, options, { logger: silentLogger, baseDir });
    await bot.close?.();
    return undefined;
  } catch (error) {
    return `agents[${index}].bot: ${messageOf(error)}`;
  }
}

async function findOrganisationsProblem(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    await loadOrganisations(file);
    return undefined;
  } catch (error) {
    return `trust.organizationsFile: ${messageOf(error)}`;
  }
}

async function findFileProblem(path: string, file: string): Promise<string | undefined> {
  try {
    await access(file, constants.R_OK);
    return undefined;
  } catch {
    return `${path}: ${file} cannot be read`;
  }
}

/** A bot's own error may hold anything, secrets of its options included; the gateway's never does. */
function messageOf(error: unknown): string {
  if (isGatewayError(error)) return describeGatewayError(error);
  return `failed to start (${String(describeError(error)['error'])})`;
}
