import { pathToFileURL } from 'node:url';

import { GatewayError } from '../../core/gateway-error.ts';
import { isRecord } from '../../core/json.ts';
import { findPackageEntry } from '../find-package-entry.ts';

/** A vendor's package as it was found. */
export interface LoadedSdk {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The file that was loaded, from which the package's own dependencies can be found. */
  readonly file: string;
}

/**
 * Loads an optional package that a bot needs: as it is seen from the folder of the configuration, else from the gateway.
 *
 * @throws {GatewayError} `ERR_HANDLER_LOAD` with the package and the command that installs it, or when it cannot be loaded
 * (`cause`).
 */
export async function loadSdk(
  packageName: string,
  bot: string,
  folders: readonly string[],
): Promise<LoadedSdk> {
  for (const folder of folders) {
    const file = await findPackageEntry(packageName, folder);
    if (file !== undefined) return { exports: await importExports(packageName, bot, file), file };
  }
  throw new GatewayError(
    'ERR_HANDLER_LOAD',
    `bot "${bot}": the package ${packageName} is not installed; run: npm install ${packageName}`,
  );
}

async function importExports(
  packageName: string,
  bot: string,
  file: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    if (!isRecord(module)) return {};
    // A CommonJS package has all it exports in `default`; which names are found besides depends on how it was written.
    return isRecord(module['default']) ? { ...module, ...module['default'] } : module;
  } catch (cause) {
    throw new GatewayError(
      'ERR_HANDLER_LOAD',
      `bot "${bot}": the package ${packageName} is installed, and threw when it was loaded`,
      { cause },
    );
  }
}
