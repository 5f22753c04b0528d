import { readFileSync } from 'node:fs';

/** The cores that this process may use, as they were before it was pinned; none where the system cannot pin, or has only one. */
export const CORES: readonly number[] = readCores();

/** What to put before a command so that it stays on the nth of {@link CORES}; nothing where there is none. */
export function pinnedTo(index: number): readonly string[] {
  const core = CORES[index];
  return core === undefined ? [] : ['taskset', '-c', String(core)];
}

function readCores(): readonly number[] {
  if (process.platform !== 'linux') return [];
  const [, list = ''] =
    /^Cpus_allowed_list:\s*(\S+)/mu.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const cores = list.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  return cores.length > 1 ? cores : [];
}
