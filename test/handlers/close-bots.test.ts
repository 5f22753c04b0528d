import { describe, expect, it } from 'vitest';

import type { BotHandler } from '../../src/handlers/bot-handler.ts';
import { closeBots } from '../../src/handlers/close-bots.ts';
import { createLogRecorder } from '../support/log-recorder.ts';

function botThat(name: string, close: () => Promise<void>): BotHandler {
  return {
    name,
    async *answer() {
      yield { type: 'say', text: 'hello' };
    },
    close,
  };
}

describe('bots at shutdown', () => {
  it('are all closed, though one throws and one rejects, and the operator reads of it', async () => {
    const log = createLogRecorder();
    let closed = 0;
    await closeBots(
      [
        botThat('throws', () => {
          throw new Error('no');
        }),
        botThat('rejects', () => Promise.reject(new Error('no'))),
        botThat('closes', async () => void (closed += 1)),
      ],
      log.logger,
    );
    expect(closed).toBe(1);
    expect(log.lines.map(({ fields }) => [fields['event'], fields['bot']])).toEqual([
      ['bot.failed', 'throws'],
      ['bot.failed', 'rejects'],
    ]);
  });
});
