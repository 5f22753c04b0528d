import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { deepgramOptionsSchema } from '../../../src/speech/recognisers/deepgram-options.ts';
import { socketOptionsShape } from '../../../src/speech/recognisers/recogniser-options.ts';
import { BUILT_IN_RECOGNISERS } from '../../../src/speech/recognisers/registry.ts';
import { FAILURE_REASONS } from '../../../src/speech/recognisers/speech-failure.ts';
import { voskOptionsSchema } from '../../../src/speech/recognisers/vosk-options.ts';

const page = await readFile(
  new URL('../../../docs/speech-recognition.md', import.meta.url),
  'utf8',
);

/** First and third cell of a table's rows. */
function tableUnder(heading: string): Readonly<Record<string, string>> {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    rows.map((row) => {
      const cells = row.split('|').map((cell) => cell.trim());
      return [cells[1]?.replaceAll('`', '') ?? '', cells[3]?.replaceAll('`', '') ?? ''];
    }),
  );
}

function optionsOf(schema: z.ZodType): Readonly<Record<string, string>> {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const fallback = typeof property === 'object' ? property.default : undefined;
      const text = fallback === undefined ? 'none' : JSON.stringify(fallback);
      return [name, required.includes(name) ? '*required*' : text];
    }),
  );
}

describe('the page on speech recognition', () => {
  const shared = tableUnder('Options of both');

  it('lists the options that every recogniser has', () => {
    expect(shared).toEqual(optionsOf(z.strictObject(socketOptionsShape)));
  });

  it.each([
    ['deepgram', deepgramOptionsSchema],
    ['vosk', voskOptionsSchema],
  ])('lists every option of %s with its default', (name, schema) => {
    expect({ ...tableUnder(`Options of \`${name}\``), ...shared }).toEqual(optionsOf(schema));
  });

  it('has a section for every recogniser', () => {
    for (const name of BUILT_IN_RECOGNISERS.keys())
      expect(page).toContain(`## Options of \`${name}\`\n`);
  });

  it('lists every reason of a failure', () => {
    expect(Object.keys(tableUnder('When it goes wrong')).sort()).toEqual(
      [...FAILURE_REASONS].sort(),
    );
  });
});
