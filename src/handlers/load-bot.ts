import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { closestWord } from '../core/closest-word.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isRecord } from '../core/json.ts';
import type { BotFactory } from './bot-handler.ts';
import { findPackageEntry } from './find-package-entry.ts';

/**
 * Finds the bot that `bot.use` of the configuration names: one that comes with the gateway, a module by its path, or an
 * installed package. A module exports the bot as `bot` or as its default.
 *
 * A module is read once in the life of the process, and once more when its file has changed.
 *
 * @param use A name in `builtIn`; a path that is absolute or begins with `./` or `../`; or a package, such as `my-bots`,
 * `@example/bots` or `my-bots/sales`, as it is seen from `baseDir`.
 * @throws {GatewayError} `ERR_HANDLER_LOAD` when there is no such bot, its module throws (`cause`), or what it exports is
 * not a bot.
 */
export async function loadBot(
  use: string,
  baseDir: string,
  builtIn: ReadonlyMap<string, BotFactory>,
): Promise<BotFactory> {
  const known = builtIn.get(use);
  if (known !== undefined) return known;
  const file = isPath(use) ? resolve(baseDir, use) : await findPackageEntry(use, baseDir);
  if (file === undefined) throw loadError(use, describeMissing(use, builtIn));
  const exported = await importModule(use, file);
  const bot = findBot(exported);
  if (bot === undefined)
    throw loadError(use, 'its module must export a bot, made by defineBot, as "bot" or default');
  return bot;
}

/** Whether `use` names a module by its path. */
export function isPath(use: string): boolean {
  return use.startsWith('./') || use.startsWith('../') || isAbsolute(use);
}

async function importModule(use: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(file);
  try {
    url.searchParams.set('changed', String((await stat(file)).mtimeMs));
  } catch (cause) {
    throw loadError(use, 'there is no such file', cause);
  }
  try {
    // A module namespace is an object of its exports.
    return (await import(url.href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw loadError(use, 'its module threw when it was loaded', cause);
  }
}

/** A CommonJS module may hold its exports in `default`. */
function findBot(exported: Readonly<Record<string, unknown>>): BotFactory | undefined {
  const { bot, default: other } = exported;
  return [bot, other, isRecord(other) ? other['bot'] : undefined].find(isBotFactory);
}

function isBotFactory(value: unknown): value is BotFactory {
  return (
    isRecord(value) && typeof value['name'] === 'string' && typeof value['create'] === 'function'
  );
}

function describeMissing(use: string, builtIn: ReadonlyMap<string, BotFactory>): string {
  const closest = closestWord(use, builtIn.keys());
  const names = [...builtIn.keys()].join(', ');
  return (
    `it is neither a bot of the gateway (${names}) nor an installed package` +
    (closest === undefined
      ? '; a file is named by ./ and its path'
      : `; did you mean "${closest}"?`)
  );
}

function loadError(use: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError('ERR_HANDLER_LOAD', `bot "${use}": ${problem}`, { cause });
}
