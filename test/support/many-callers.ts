import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Webex } from '../../src/simulator/caller.ts';
import { createManualCall } from './manual-call.ts';

/** Between two turns of a caller. */
export const PAUSE_MS = 1_000;

/** Callers who press a key every second until they are told to hang up, shared between the connections. */
export function startCallers(count: number, connections: readonly Webex[]) {
  const over = new AbortController();
  let turns = 0;
  const failures: string[] = [];
  const call = async (index: number): Promise<void> => {
    const webex = connections[index % connections.length];
    if (webex === undefined) return;
    const caller = createManualCall(randomUUID());
    const take = async (turn: Promise<{ readonly code: number; readonly details: string }>) => {
      const { code, details } = await turn;
      turns += 1;
      if (code !== 0) failures.push(`${code} ${details}`);
    };
    await sleep((index / count) * PAUSE_MS);
    await take(caller.start(webex));
    while (!over.signal.aborted) {
      await sleep(PAUSE_MS);
      await take(caller.press(webex, '1'));
    }
    await take(caller.press(webex, '#'));
    failures.push(...caller.violations.map(({ rule }) => rule));
  };
  const calls = Promise.all(Array.from({ length: count }, (_, index) => call(index)));
  return {
    async stop() {
      over.abort();
      await calls;
      return { turns, failures };
    },
  };
}
