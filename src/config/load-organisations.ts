import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { type ConfigProblem, toConfigError } from './config-problem.ts';
import { isUuid } from './fields.ts';
import { readTextFile } from './read-text-file.ts';

const MAX_FILE_MEGABYTES = 8;
const MAX_ENTRIES = 100_000;
/** Lines between two breathers: the file may be read while calls are heard. */
const LINES_AT_A_TIME = 1_000;

/**
 * Reads the organisations that are known: one UUID a line, `#` and what follows it is a comment, empty lines and
 * repetitions are fine. At most 100,000 entries in 8 MB.
 *
 * A file without any organisation is refused: far more often than meant, it is a file that is just being written.
 *
 * @returns UUIDs in lower case.
 * @throws {GatewayError} `ERR_CONFIG_INVALID` when the file cannot be read, or with every problem in it.
 */
export async function loadOrganisations(file: string): Promise<ReadonlySet<string>> {
  const text = await readTextFile(file, MAX_FILE_MEGABYTES);
  const organisations = new Set<string>();
  const problems: ConfigProblem[] = [];
  let entries = 0;
  let end = 0;
  for (let start = 0, line = 1; start < text.length; start = end + 1, line += 1) {
    const newLine = text.indexOf('\n', start);
    end = newLine === -1 ? text.length : newLine;
    const entry = text.slice(start, end).split('#', 1)[0]?.trim() ?? '';
    if (entry !== '') {
      entries += 1;
      if (entries > MAX_ENTRIES) {
        problems.push({ path: [], message: `has more than ${MAX_ENTRIES} entries`, line });
        break;
      }
      if (isUuid(entry)) organisations.add(entry.toLowerCase());
      else problems.push({ path: [], message: 'must hold the UUID of an organisation', line });
    }
    if (line % LINES_AT_A_TIME === 0) await setImmediate();
  }
  if (entries === 0) problems.push({ path: [], message: 'must hold at least one organisation' });
  if (problems.length > 0) throw toConfigError(problems, basename(file));
  return organisations;
}
