import { stat } from 'node:fs/promises';

import { runInBackground } from '../core/background.ts';
import { type Clock, every } from '../core/clock.ts';

/** Between two looks; a change counts at the second look that finds it, so that no half-written file is read. */
const POLL_MS = 1_000;

/**
 * Calls `onChange` after a file has changed, been replaced, or its symbolic link been pointed elsewhere, as Kubernetes does it.
 * A file that is gone is no change until it is back.
 */
export function pollFile(
  file: string,
  onChange: () => void,
  { clock }: { readonly clock: Clock },
): { readonly close: () => void } {
  let settled: string | undefined;
  let seen: string | undefined;
  const look = async (): Promise<void> => {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
    const found = [dev, ino, size, mtimeNs].join(' ');
    const isFirst = settled === undefined;
    settled ??= found;
    const isStable = found === seen;
    seen = found;
    if (isFirst || !isStable || found === settled) return;
    settled = found;
    onChange();
  };
  const check = (): void => runInBackground(look, () => undefined);
  check();
  return every(clock, POLL_MS, check);
}
