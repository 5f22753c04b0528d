// Writes the tables of README.md from the code: npm run docs.
import { readFile, writeFile } from 'node:fs/promises';

import { status as Status } from '@grpc/grpc-js';

import { CONFIG_KEYS } from '../src/config/config-keys.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { STATUS_OF } from '../src/transport/status.ts';

const README = new URL('../README.md', import.meta.url);

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

/** Every table, by the name that its markers in the README carry. */
async function createTables(): Promise<Readonly<Record<string, string>>> {
  const errors = Object.entries(STATUS_OF).filter(([, status]) => status !== Status.INTERNAL);
  const metrics = await createMetrics().registry.getMetricsAsJSON();
  return {
    config: table(
      ['key', 'value', 'default', 'meaning'],
      CONFIG_KEYS.map(({ path, type, default: value, meaning, isRequired }) => [
        `\`${path}\``,
        type,
        isRequired ? '*required*' : value === '' ? '' : `\`${value}\``,
        meaning,
      ]),
    ),
    errors: table(
      ['gRPC status', 'codes'],
      [...new Set(errors.map(([, status]) => status))].map((status) => [
        Status[status],
        errors
          .filter(([, other]) => other === status)
          .map(([code]) => `\`${code}\``)
          .join(' '),
      ]),
    ),
    metrics: table(
      ['series', 'kind', 'meaning'],
      metrics.map(({ name, type, help }) => [`\`${name}\``, String(type), help]),
    ),
  };
}

/** Puts the tables between their markers. */
export async function renderReadme(readme: string): Promise<string> {
  let rendered = readme;
  for (const [name, text] of Object.entries(await createTables()))
    rendered = rendered.replace(
      new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`, 'u'),
      (_match, begin: string, end: string) => `${begin}${text}\n${end}`,
    );
  return rendered;
}

if (process.argv[1]?.endsWith('readme-tables.ts') === true)
  await writeFile(README, await renderReadme(await readFile(README, 'utf8')));
