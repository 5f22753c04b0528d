import { readFile } from 'node:fs/promises';

import { z } from 'zod';

/** The options that a page of `docs/bots` lists, each with the default as it is written there. */
export async function readOptionTable(page: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(new URL(`../../docs/bots/${page}`, import.meta.url), 'utf8');
  const [, table = ''] = text.split('| option | value | default | meaning |\n|---|---|---|---|\n');
  const [rows = ''] = table.split('\n\n');
  return new Map(
    rows
      .trimEnd()
      .split('\n')
      .map((row) => {
        // A cell may hold a pipe, which is written with a backslash.
        const [, name = '', , standard = ''] = row.split(/(?<!\\)\|/u).map((cell) => cell.trim());
        return [name.replaceAll('`', ''), standard];
      }),
  );
}

/** The options that a schema knows, each with its default as a page writes it. */
export function optionsOf(schema: z.ZodObject): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(schema.shape).map(([name, option]) => {
      const result = z.safeParse(option, undefined);
      if (!result.success) return [name, '*required*'];
      if (result.data === undefined) return [name, 'none'];
      const { data } = result;
      return [name, `\`${typeof data === 'string' ? data : JSON.stringify(data)}\``];
    }),
  );
}
