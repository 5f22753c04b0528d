import { stat } from 'node:fs/promises';

import { runInBackground } from '../core/background.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { isGatewayError } from '../core/gateway-error.ts';
import type { Logger } from '../core/logger.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { logEvent } from '../telemetry/log-events.ts';
import { loadOrganisations } from './load-organisations.ts';

/** What watching the organisations works with. */
export interface WatchOrganisationsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes over the first list, and then each that differs from the one before. */
  readonly onChange: (organisations: ReadonlySet<string>) => void;
}

/**
 * Between two looks. A change is taken at the second look that finds it, so that a file is not read while it is written:
 * within a second, and the time it takes to read.
 */
const POLL_MS = 500;

/**
 * Loads the file of known organisations, hands it over, and watches it.
 *
 * @param file `undefined`: nothing is done.
 * @throws {GatewayError} `ERR_CONFIG_INVALID` when the file cannot be used now.
 */
export async function startOrganisations(
  file: string | undefined,
  deps: WatchOrganisationsDeps,
): Promise<{ close(): void }> {
  if (file === undefined) return { close: () => undefined };
  const initial = await loadOrganisations(file);
  deps.onChange(initial);
  return watchOrganisations(file, initial, deps);
}

/**
 * Looks at the file of known organisations until closed, and hands over each valid change.
 *
 * Asks for the properties of the file behind the path, and so sees writing in place, replacing, and a symbolic link that
 * is pointed elsewhere, as Kubernetes does it; on every file system. A file that is gone or wrong is logged once as
 * `tenants.refused`, and the list before stays in force.
 *
 * @param initial The list in force.
 */
function watchOrganisations(
  file: string,
  initial: ReadonlySet<string>,
  { clock, logger, onChange }: WatchOrganisationsDeps,
): { close(): void } {
  let current = initial;
  /** What was last taken or refused; at first nothing, since the file may have changed after it was loaded. */
  let settled = '';
  let seen = '';
  let isRefused = false;
  let isClosed = false;
  let timer: Timer;

  const look = async (): Promise<void> => {
    const found = await fingerprintOf(file);
    const isStable = found === seen;
    seen = found;
    if (!isStable || found === settled || isClosed) return;
    settled = found;
    const next = await load();
    if (next === undefined || isClosed) return;
    const kept = countCommon(current, next);
    const change = { added: next.size - kept, removed: current.size - kept };
    if (change.added + change.removed > 0) onChange(next);
    else if (!isRefused) return;
    isRefused = false;
    current = next;
    logEvent(logger, 'tenants.changed', { organisations: next.size, ...change });
  };
  const load = async (): Promise<ReadonlySet<string> | undefined> => {
    try {
      return await loadOrganisations(file);
    } catch (error) {
      isRefused = true;
      logEvent(logger, 'tenants.refused', {
        ...(isGatewayError(error) ? { error: error.message } : describeError(error)),
        organisations: current.size,
      });
      return undefined;
    }
  };
  const plan = (): void => {
    timer = clock.setTimer(POLL_MS, () =>
      runInBackground(
        async () => {
          await look();
          if (!isClosed) plan();
        },
        (error) => {
          logEvent(logger, 'tenants.refused', describeError(error));
          if (!isClosed) plan();
        },
      ),
    );
  };
  plan();
  return {
    close() {
      isClosed = true;
      timer.cancel();
    },
  };
}

async function fingerprintOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'unreadable';
  }
}

function countCommon(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let common = 0;
  for (const entry of one) if (other.has(entry)) common += 1;
  return common;
}
