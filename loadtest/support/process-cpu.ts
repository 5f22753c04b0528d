import { readFile, readdir } from 'node:fs/promises';

/**
 * CPU time that a process of somebody else, all of its threads, and its children have used, in microseconds. Linux only.
 *
 * Those that end meanwhile are lost, so it is for programs that keep theirs.
 */
export async function readProcessCpu(processId: number): Promise<number> {
  const tasks = await readdir(`/proc/${processId}/task`);
  const each = await Promise.all(
    tasks.map(async (task) => {
      const folder = `/proc/${processId}/task/${task}`;
      const [statistics, children] = await Promise.all([
        readFile(`${folder}/schedstat`, 'utf8'),
        readFile(`${folder}/children`, 'utf8'),
      ]);
      const [nanoseconds = '0'] = statistics.split(' ');
      const below = await Promise.all(
        children
          .split(' ')
          .filter((child) => child.trim() !== '')
          .map((child) => readProcessCpu(Number(child))),
      );
      return below.reduce((sum, micros) => sum + micros, Number(nanoseconds) / 1_000);
    }),
  );
  return each.reduce((sum, micros) => sum + micros, 0);
}
