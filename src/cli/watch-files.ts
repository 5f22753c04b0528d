import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

import type { Clock, Timer } from '../core/clock.ts';

/** Editors write a file in several steps; a change counts when none followed for this long. */
const SETTLE_MS = 150;

/**
 * Calls `onChange` after any of `files` has changed, been replaced or come back.
 *
 * Folders are watched, since most editors save by replacing the file.
 *
 * @returns What ends it.
 */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  deps: { readonly clock: Clock },
): { close(): void } {
  const names = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = dirname(resolve(file));
    names.set(folder, (names.get(folder) ?? new Set()).add(basename(file)));
  }
  let settled: Timer | undefined;
  const changed = (): void => {
    settled?.cancel();
    settled = deps.clock.setTimer(SETTLE_MS, onChange);
  };
  const watchers = [...names].map(([folder, known]): FSWatcher => {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || known.has(name)) changed();
    });
    // The folder went away: nothing more to watch there.
    return watcher.on('error', () => watcher.close());
  });
  return {
    close() {
      settled?.cancel();
      for (const watcher of watchers) watcher.close();
    },
  };
}
