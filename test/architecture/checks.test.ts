import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const TESTS = fileURLToPath(new URL('../', import.meta.url));
/**
 * The checks of protocol.md section 9 that the voice virtual agent over gRPC must pass: groups A to G. Left out are, until
 * they are offered, H and I (110 to 127: the registration of data sources and the webhooks of service apps), J (128 to 138:
 * the WebSocket transport) and K (139 to 147: media forking and media intelligence).
 */
const OFFERED = Array.from({ length: 109 }, (_, index) => index + 1);
/** The beginning of a title: the checks that the test meets, each in brackets of its own. */
const TITLE = /(['"`])((?:\[check \d+\] )+)/gu;

async function namedChecks(): Promise<ReadonlyMap<number, readonly string[]>> {
  const named = new Map<number, string[]>();
  const files = (await readdir(TESTS, { recursive: true })).filter((file) =>
    file.endsWith('.test.ts'),
  );
  for (const file of files)
    for (const [, , checks = ''] of (await readFile(TESTS + file, 'utf8')).matchAll(TITLE))
      for (const [number] of checks.matchAll(/\d+/gu))
        named.set(Number(number), [...(named.get(Number(number)) ?? []), file]);
  return named;
}

describe('the checks of the contract', () => {
  it('are each named by the title of a test', async () => {
    const named = await namedChecks();
    expect(OFFERED.filter((check) => !named.has(check))).toEqual([]);
  });

  it('exist, when a title names one', async () => {
    const named = await namedChecks();
    expect([...named.keys()].filter((check) => check < 1 || check > 147)).toEqual([]);
  });
});
