// A bot that answers at once and talks on, a little faster than it is heard, until it is called off: each piece leaves as it comes.
import { setTimeout as wait } from 'node:timers/promises';

const GREETING = new Uint8Array(3_200).fill(0x55);
const PIECE = new Uint8Array(1_600).fill(0x55);
const PIECE_EVERY_MS = 160;

export const bot = {
  name: 'talker',
  create: ({ pieces = 150 } = {}) => ({
    name: 'talker',
    async *answer(_call, input, { signal }) {
      if (input.type !== 'speech') {
        yield { type: 'audio', audio: GREETING };
        return;
      }
      for (let piece = 0; piece < pieces && !signal.aborted; piece++) {
        if (piece > 0) await wait(PIECE_EVERY_MS, undefined, { signal }).catch(() => undefined);
        yield { type: 'audio', audio: PIECE };
      }
    },
  }),
};
